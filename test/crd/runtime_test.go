package crd

import "testing"

func TestControlPlaneOnly(t *testing.T) {
	runCreate(t, map[string]createCase{
		"Alone":    {reason: "Servers that are no nodes.", spec: `servers: {controlPlaneOnly: true}`},
		"AloneK8s": {reason: "With the distro that can.", spec: `{distro: k8s, servers: {controlPlaneOnly: true}}`},
		"AloneK3s": {reason: "K3s has not been tried.", spec: `{distro: k3s, servers: {controlPlaneOnly: true}}`, want: []string{"spec.servers.controlPlaneOnly", "must not be true with distro k3s", "set distro to k8s"}},
		"NodesK3s": {reason: "As nodes it has.", spec: `{distro: k3s, servers: {controlPlaneOnly: false}}`},
		"Word":     {reason: "They are or they are not.", spec: `servers: {controlPlaneOnly: "yes"}`, want: []string{"spec.servers.controlPlaneOnly", "boolean"}},
	})
}

func TestRuntime(t *testing.T) {
	own := []string{"needs the profile beside it", "leave className out"}
	runCreate(t, map[string]createCase{
		"Empty":         {reason: "Nothing is asked for.", spec: `{runtime: {}, servers: {runtime: {}}, pools: [{name: a, runtime: {}}]}`},
		"Servers":       {reason: "Servers may have one of their own.", spec: `servers: {runtime: {profile: sysbox}}`},
		"ServersOther":  {reason: "Of those that there are.", spec: `servers: {runtime: {profile: docker}}`, want: []string{"spec.servers.runtime.profile", `"docker"`}},
		"Pools":         {reason: "And so may each pool.", spec: `pools: [{name: a, runtime: {profile: kata}}, {name: b, runtime: {profile: userns}}]`},
		"PoolOther":     {reason: "Of the same.", spec: `pools: [{name: a, runtime: {profile: docker}}]`, want: []string{"spec.pools[0].runtime.profile"}},
		"Class":         {reason: "A name of the site's; whether it is allowed is for the controller to say.", spec: `runtime: {profile: kata, className: kata-clh.v2}`},
		"ClassName":     {reason: "That can be one.", spec: `runtime: {profile: kata, className: Kata_Clh}`, want: []string{"spec.runtime.className", "must be the name of a RuntimeClass"}},
		"ClassAlone":    {reason: "A class does not say how its pods have to look.", spec: `runtime: {className: kata-clh}`, want: append(own, "spec.runtime.className")},
		"ClassAuto":     {reason: "Nor does auto.", spec: `servers: {runtime: {profile: auto, className: kata-clh}}`, want: append(own, "spec.servers.runtime.className")},
		"PoolClass":     {reason: "Nor does what the cluster has: the two go together.", spec: `{runtime: {profile: kata}, pools: [{name: a, runtime: {className: kata-clh}}]}`, want: append(own, "spec.pools[0].runtime.className")},
		"GVisor":        {reason: "A control plane alone.", spec: `runtime: {profile: gvisor}`},
		"GVisorServers": {reason: "With workers under another.", spec: `{servers: {runtime: {profile: gvisor}}, pools: [{name: a}]}`},
		"GVisorPool":    {reason: "Workers cannot.", spec: `pools: [{name: a, runtime: {profile: gvisor}}]`, want: []string{"spec.pools[0].runtime.profile", "google/gvisor#14637", "use sysbox, userns or kata"}},
		"GVisorAll":     {reason: "Nor with what they have from the cluster.", spec: `{runtime: {profile: gvisor}, pools: [{name: a, runtime: {profile: userns}}, {name: b}]}`, want: []string{"spec.runtime.profile", "google/gvisor#14637", "runtime.profile of its own"}},
		"GVisorOwn":     {reason: "But with one of their own.", spec: `{runtime: {profile: gvisor}, pools: [{name: a, runtime: {profile: userns}}]}`},
	})
}
