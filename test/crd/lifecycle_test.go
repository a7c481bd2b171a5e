package crd

import "testing"

func TestLifecycle(t *testing.T) {
	runCreate(t, map[string]createCase{
		"Empty":           {reason: "Nothing is asked for.", spec: `lifecycle: {}`},
		"Paused":          {reason: "A cluster may be made without nodes.", spec: `lifecycle: {paused: true}`},
		"Running":         {reason: "Said aloud.", spec: `lifecycle: {paused: false}`},
		"PausedWord":      {reason: "It is paused or it is not.", spec: `lifecycle: {paused: "yes"}`, want: []string{"spec.lifecycle.paused", "boolean"}},
		"PausedEphemeral": {reason: "Its state would be lost.", spec: `{lifecycle: {paused: true}, servers: {storage: {ephemeral: true}}}`, want: []string{"spec.lifecycle.paused", "would be lost", "delete the cluster instead"}},
		"RunsEphemeral":   {reason: "Nobody pauses it.", spec: `{lifecycle: {paused: false}, servers: {storage: {ephemeral: true}}}`},
		"PausedVolume":    {reason: "What is kept on a volume is not lost.", spec: `{lifecycle: {paused: true}, servers: {storage: {ephemeral: false}}}`},
		"PausedPool":      {reason: "The nodes of a pool hold nothing of the cluster.", spec: `{lifecycle: {paused: true}, pools: [{name: a, storage: {ephemeral: true}}]}`},
		"Shortest":        {reason: "A minute is announced a minute before.", spec: `lifecycle: {ttlSeconds: 60}`},
		"TooShort":        {reason: "Less than any cluster takes to boot.", spec: `lifecycle: {ttlSeconds: 59}`, want: []string{"spec.lifecycle.ttlSeconds", "60"}},
		"Zero":            {reason: "For ever is left out, not 0.", spec: `lifecycle: {ttlSeconds: 0}`, want: []string{"spec.lifecycle.ttlSeconds", "60"}},
		"Longest":         {reason: "A year.", spec: `lifecycle: {ttlSeconds: 31536000}`},
		"TooLong":         {reason: "Longer is for ever.", spec: `lifecycle: {ttlSeconds: 31536001}`, want: []string{"spec.lifecycle.ttlSeconds", "31536000"}},
		"Both":            {reason: "A paused cluster expires, too.", spec: `lifecycle: {paused: true, ttlSeconds: 3600}`},
	})
}
