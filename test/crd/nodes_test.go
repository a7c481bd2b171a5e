package crd

import (
	"fmt"
	"strings"
	"testing"
)

func TestServers(t *testing.T) {
	runCreate(t, map[string]createCase{
		"One":            {reason: "The only number yet.", spec: `servers: {replicas: 1}`},
		"Zero":           {reason: "A cluster needs a server.", spec: `servers: {replicas: 0}`, want: []string{"spec.servers.replicas", "greater than or equal to 1"}},
		"Three":          {reason: "Not before it works.", spec: `servers: {replicas: 3}`, want: []string{"spec.servers.replicas", "must be 1", "not supported yet", "spec.pools"}},
		"Resources":      {reason: "Requests and limits.", spec: `servers: {resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 2Gi}}}`},
		"ResourceClaims": {reason: "Nobody would make the claims.", spec: `servers: {resources: {claims: [{name: gpu}]}}`, want: []string{"spec.servers.resources", "claims are not supported"}},
		"Scheduling":     {reason: "As in a pod.", spec: `servers: {nodeSelector: {a: b}, tolerations: [{operator: Exists}], priorityClassName: high, affinity: {nodeAffinity: {}}}`},
		"PriorityClass":  {reason: "A name of an object.", spec: `servers: {priorityClassName: "High Prio"}`, want: []string{"spec.servers.priorityClassName", "PriorityClass of the host"}},
		"Tolerations":    {reason: "Bounded.", spec: `servers: {tolerations: [` + strings.Repeat("{operator: Exists},", 33) + `]}`, want: []string{"spec.servers.tolerations", "32"}},
	})
}

func TestPools(t *testing.T) {
	var many strings.Builder
	for i := range 17 {
		fmt.Fprintf(&many, "{name: p%d},", i)
	}
	runCreate(t, map[string]createCase{
		"Pools":      {reason: "Any number of nodes, none included.", spec: `pools: [{name: a, replicas: 0}, {name: b, replicas: 3}, {name: c}]`},
		"NoName":     {reason: "A pool is known by its name.", spec: `pools: [{replicas: 1}]`, want: []string{"spec.pools[0].name", "Required value"}},
		"Twice":      {reason: "Names are unique.", spec: `pools: [{name: a}, {name: a}]`, want: []string{"spec.pools[1]", "Duplicate value", `"a"`}},
		"Server":     {reason: "That is what the servers are called.", spec: `pools: [{name: server}]`, want: []string{"spec.pools[0].name", `must not be "server"`}},
		"UpperCase":  {reason: "Nodes and pods are called by it.", spec: `pools: [{name: Workers}]`, want: []string{"spec.pools[0].name", "must be a DNS label"}},
		"Negative":   {reason: "No less than none.", spec: `pools: [{name: a, replicas: -1}]`, want: []string{"spec.pools[0].replicas", "greater than or equal to 0"}},
		"TooMany":    {reason: "Bounded.", spec: `pools: [{name: a, replicas: 1001}]`, want: []string{"spec.pools[0].replicas", "1000"}},
		"TooMuch":    {reason: "Bounded.", spec: `pools: [` + many.String() + `]`, want: []string{"spec.pools", "16"}},
		"Claims":     {reason: "As for servers.", spec: `pools: [{name: a, resources: {claims: [{name: gpu}]}}]`, want: []string{"spec.pools[0].resources", "claims are not supported"}},
		"Priority":   {reason: "As for servers.", spec: `pools: [{name: a, priorityClassName: "High Prio"}]`, want: []string{"spec.pools[0].priorityClassName", "PriorityClass of the host"}},
		"Labels":     {reason: "With and without a domain, also empty.", spec: `pools: [{name: a, labels: {tier: gold, example.com/x: "", node.kubernetes.io/y: "1", topology.kubernetes.io/zone: z}}]`},
		"LabelKey":   {reason: "A kubelet would refuse to start with it.", spec: `pools: [{name: a, labels: {"a b": c}}]`, want: []string{"spec.pools[0].labels", "keys must be label keys"}},
		"LabelValue": {reason: "A kubelet would refuse to start with it.", spec: `pools: [{name: a, labels: {b: "c d"}}]`, want: []string{"spec.pools[0].labels", "must be a label value"}},
		"LabelLong":  {reason: "A kubelet would refuse to start with it.", spec: `pools: [{name: a, labels: {b: ` + strings.Repeat("c", 64) + `}}]`, want: []string{"spec.pools[0].labels.b", "63"}},
		"LabelRole":  {reason: "A kubelet may not give itself a role.", spec: `pools: [{name: a, labels: {node-role.kubernetes.io/gpu: ""}}]`, want: []string{"spec.pools[0].labels", "use a domain of your own"}},
		"LabelK8sIO": {reason: "Nor a label below k8s.io.", spec: `pools: [{name: a, labels: {x.k8s.io/gpu: ""}}]`, want: []string{"spec.pools[0].labels", "use a domain of your own"}},
		"Taints":     {reason: "Unique by key and effect.", spec: `pools: [{name: a, taints: [{key: a, effect: NoSchedule}, {key: a, value: b, effect: NoExecute}]}]`},
		"TaintTwice": {reason: "Unique by key and effect.", spec: `pools: [{name: a, taints: [{key: a, effect: NoSchedule}, {key: a, value: b, effect: NoSchedule}]}]`, want: []string{"spec.pools[0].taints[1]", "Duplicate value"}},
		"Effect":     {reason: "Only effects that exist.", spec: `pools: [{name: a, taints: [{key: a, effect: Never}]}]`, want: []string{"spec.pools[0].taints[0].effect", `"NoExecute"`}},
		"TaintKey":   {reason: "A kubelet would refuse to start with it.", spec: `pools: [{name: a, taints: [{key: "a b", effect: NoSchedule}]}]`, want: []string{"spec.pools[0].taints[0].key", "must be a label key"}},
		"TaintValue": {reason: "A kubelet would refuse to start with it.", spec: `pools: [{name: a, taints: [{key: a, value: "b c", effect: NoSchedule}]}]`, want: []string{"spec.pools[0].taints[0].value", "must be a label value"}},
	})
}

func TestStorage(t *testing.T) {
	runCreate(t, map[string]createCase{
		"Size":          {reason: "A persistent volume.", spec: `servers: {storage: {size: 10Gi, className: fast}}`},
		"Ephemeral":     {reason: "None.", spec: `servers: {storage: {ephemeral: true}}`},
		"NotEphemeral":  {reason: "Persistent, and said so.", spec: `servers: {storage: {ephemeral: false, size: 1Gi}}`},
		"Pool":          {reason: "Pools have their own.", spec: `pools: [{name: a, storage: {ephemeral: true}}]`},
		"Both":          {reason: "A size of nothing.", spec: `servers: {storage: {ephemeral: true, size: 10Gi}}`, want: []string{"spec.servers.storage", "neither size nor className", "leave"}},
		"BothClass":     {reason: "A class of nothing.", spec: `pools: [{name: a, storage: {ephemeral: true, className: fast}}]`, want: []string{"spec.pools[0].storage", "neither size nor className"}},
		"TooSmall":      {reason: "The images alone need that.", spec: `servers: {storage: {size: 500Mi}}`, want: []string{"spec.servers.storage.size", "at least 1Gi"}},
		"NoQuantity":    {reason: "A word is no quantity.", spec: `servers: {storage: {size: big}}`, want: []string{"spec.servers.storage.size", "must be a quantity"}},
		"NegativeSize":  {reason: "Nor less than nothing.", spec: `pools: [{name: a, storage: {size: -5Gi}}]`, want: []string{"spec.pools[0].storage.size", "at least 1Gi"}},
		"PoolClass":     {reason: "As for servers.", spec: `pools: [{name: a, storage: {className: "A B"}}]`, want: []string{"spec.pools[0].storage.className", "StorageClass of the host"}},
		"ClassNotAName": {reason: "A class is an object of the host.", spec: `servers: {storage: {className: "A B"}}`, want: []string{"spec.servers.storage.className", "StorageClass of the host"}},
	})
}
