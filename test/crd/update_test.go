package crd

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// resolved is a complete status.resolved.
func resolved() map[string]any {
	return map[string]any{
		"distro": "k8s", "version": "v1.36.3", "image": "localhost/node:v1.36.3", "podCIDR": "10.244.0.0/16",
		"serviceCIDR": "10.96.0.0/16", "clusterDomain": "cluster.local", "datastore": "etcd", "templateRevision": "1",
	}
}

func TestUpdate(t *testing.T) {
	const storage = "servers: {storage: {size: 10Gi, className: fast}}"
	cases := map[string]struct {
		reason     string
		from, to   string
		unresolved bool
		want       []string
	}{
		"Same":           {reason: "Nothing changes.", from: storage, to: storage},
		"Pools":          {reason: "Pools come, go and scale.", from: `pools: [{name: a}]`, to: `pools: [{name: a, replicas: 3}, {name: b}]`},
		"Expose":         {reason: "A Service can change.", from: `expose: {type: NodePort}`, to: `expose: {type: LoadBalancer}`},
		"Distro":         {reason: "A datastore has one distro.", from: `distro: k8s`, to: `distro: k3s`, want: []string{"spec.distro cannot change"}},
		"DistroAway":     {reason: "Nor can it be left open again.", from: `distro: k8s`, want: []string{"spec.distro cannot change"}},
		"DistroPinned":   {reason: "What was chosen may be written down.", to: `distro: k8s`},
		"DistroOther":    {reason: "Only what was chosen.", to: `distro: k3s`, want: []string{"spec.distro cannot change", "status.resolved.distro"}},
		"DistroEarly":    {reason: "Not while it is being chosen.", unresolved: true, to: `distro: k8s`, want: []string{"spec.distro cannot change"}},
		"Version":        {reason: "Upgrades are not there yet.", from: `version: v1.36.3`, to: `version: v1.36.4`, want: []string{"spec.version cannot change yet"}},
		"VersionPinned":  {reason: "What was chosen may be written down.", to: `version: v1.36.3`},
		"Image":          {reason: "Upgrades are not there yet.", from: `image: a`, to: `image: b`, want: []string{"spec.image cannot change yet"}},
		"ImagePinned":    {reason: "What was chosen may be written down.", to: `image: localhost/node:v1.36.3`},
		"PodCIDR":        {reason: "Nodes have their part of it.", from: `network: {podCIDR: 10.1.0.0/16}`, to: `network: {podCIDR: 10.2.0.0/16}`, want: []string{"spec.network.podCIDR cannot change"}},
		"PodCIDRAway":    {reason: "Also with all of network.", from: `network: {podCIDR: 10.1.0.0/16}`, want: []string{"spec.network.podCIDR cannot change"}},
		"PodCIDRPinned":  {reason: "What was chosen may be written down.", to: `network: {podCIDR: 10.244.0.0/16}`},
		"ServiceCIDR":    {reason: "Services have their addresses.", from: `network: {serviceCIDR: 10.1.0.0/16}`, to: `network: {serviceCIDR: 10.2.0.0/16}`, want: []string{"spec.network.serviceCIDR cannot change"}},
		"ServicePinned":  {reason: "What was chosen may be written down.", to: `network: {serviceCIDR: 10.96.0.0/16}`},
		"Domain":         {reason: "Pods have it in resolv.conf.", from: `network: {clusterDomain: a}`, to: `network: {clusterDomain: b}`, want: []string{"spec.network.clusterDomain cannot change"}},
		"DomainLate":     {reason: "Only what was chosen.", to: `network: {clusterDomain: b}`, want: []string{"spec.network.clusterDomain cannot change"}},
		"DomainPinned":   {reason: "What was chosen may be written down.", to: `network: {clusterDomain: cluster.local}`},
		"Alone":          {reason: "Nodes do not vanish.", from: `servers: {controlPlaneOnly: false}`, to: `servers: {controlPlaneOnly: true}`, want: []string{"spec.servers.controlPlaneOnly cannot change"}},
		"AloneAway":      {reason: "Nor is it left open again.", from: `servers: {controlPlaneOnly: true}`, want: []string{"spec.servers.controlPlaneOnly cannot change"}},
		"AlonePinned":    {reason: "What was chosen may be written down.", to: `servers: {controlPlaneOnly: false}`},
		"AloneLate":      {reason: "Only what was chosen.", to: `servers: {controlPlaneOnly: true}`, want: []string{"spec.servers.controlPlaneOnly cannot change", "status.resolved.controlPlaneOnly"}},
		"Runtime":        {reason: "Pods that are made anew can have another.", from: `runtime: {profile: userns}`, to: `{runtime: {profile: auto}, servers: {runtime: {profile: sysbox}}}`},
		"Allow":          {reason: "The NetworkPolicy can change.", from: `network: {podCIDR: 10.1.0.0/16}`, to: `network: {podCIDR: 10.1.0.0/16, allow: [{cidr: 10.0.0.8/32}]}`},
		"Pause":          {reason: "At any time.", from: `distro: k8s`, to: `{distro: k8s, lifecycle: {paused: true}}`},
		"Resume":         {reason: "At any time.", from: `lifecycle: {paused: true}`},
		"PauseEphemeral": {reason: "Its state would be lost.", from: `servers: {storage: {ephemeral: true}}`, to: `{servers: {storage: {ephemeral: true}}, lifecycle: {paused: true}}`, want: []string{"spec.lifecycle.paused", "would be lost"}},
		"TTL":            {reason: "From none to some.", to: `lifecycle: {ttlSeconds: 60}`},
		"TTLRaised":      {reason: "More time.", from: `lifecycle: {ttlSeconds: 60}`, to: `lifecycle: {ttlSeconds: 600}`},
		"TTLLowered":     {reason: "Less time.", from: `lifecycle: {ttlSeconds: 600}`, to: `lifecycle: {ttlSeconds: 60}`},
		"TTLAway":        {reason: "No end.", from: `lifecycle: {ttlSeconds: 600}`},
		"Mirrors":        {reason: "Nodes read them at boot.", from: `registries: {mirrors: [{host: docker.io, endpoints: ["https://a.example"]}]}`, to: `registries: {mirrors: [{host: "*", endpoints: ["https://b.example"]}]}`},
		"Size":           {reason: "Volumes are not resized yet.", from: storage, to: `servers: {storage: {size: 20Gi, className: fast}}`, want: []string{"spec.servers.storage.size", "not resized yet"}},
		"ClassName":      {reason: "A volume stays where it is.", from: storage, to: `servers: {storage: {size: 10Gi, className: slow}}`, want: []string{"spec.servers.storage.className", "cannot change"}},
		"Ephemeral":      {reason: "State is not moved.", from: `servers: {storage: {ephemeral: true}}`, to: `servers: {storage: {ephemeral: false}}`, want: []string{"spec.servers.storage.ephemeral", "cannot change"}},
		"StorageAway":    {reason: "Nor left open again.", from: storage, to: `servers: {}`, want: []string{"spec.servers.storage cannot be added or removed"}},
		"StorageLate":    {reason: "The default is in use already.", to: storage, want: []string{"spec.servers.storage cannot be added or removed"}},
		"ServersAway":    {reason: "Also with all of servers.", from: storage, want: []string{"spec.servers.storage cannot be added or removed"}},
		"PoolStorage":    {reason: "As for servers.", from: `pools: [{name: a, storage: {size: 10Gi}}]`, to: `pools: [{name: a, storage: {size: 20Gi}}]`, want: []string{"spec.pools[0].storage.size", "not resized yet"}},
		"PoolClass":      {reason: "As for servers.", from: `pools: [{name: a, storage: {className: a}}]`, to: `pools: [{name: a, storage: {className: b}}]`, want: []string{"spec.pools[0].storage.className", "cannot change"}},
		"PoolEphemeral":  {reason: "As for servers.", from: `pools: [{name: a, storage: {ephemeral: true}}]`, to: `pools: [{name: a, storage: {ephemeral: false}}]`, want: []string{"spec.pools[0].storage.ephemeral", "cannot change"}},
		"PoolLate":       {reason: "As for servers.", from: `pools: [{name: a}]`, to: `pools: [{name: a, storage: {size: 20Gi}}]`, want: []string{"spec.pools[0]", "add a pool with the other storage"}},
		"PoolReordered":  {reason: "Pools are known by name, not by place.", from: `pools: [{name: a, storage: {size: 10Gi}}, {name: b}]`, to: `pools: [{name: b}, {name: a, storage: {size: 10Gi}}]`},
		"PoolNewStorage": {reason: "A new pool may have any.", from: `pools: [{name: a}]`, to: `pools: [{name: a}, {name: b, storage: {size: 10Gi}}]`},
	}
	c := envtest.Client(t)
	namespace := envtest.Namespace(t, c)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := object(t, strings.ToLower(name), namespace, tc.from)
			create(t, c, u, !tc.unresolved)
			u.Object["spec"] = object(t, "x", namespace, tc.to).Object["spec"]
			if u.Object["spec"] == nil {
				delete(u.Object, "spec")
			}
			checkRefusal(t, tc.reason, c.Update(t.Context(), u, client.DryRunAll, client.FieldValidation("Strict")), tc.want)
		})
	}
}

// create makes a cluster as it is once the controller has chosen what was left
// open.
func create(t *testing.T, c client.Client, u *unstructured.Unstructured, chosen bool) {
	t.Helper()
	if err := c.Create(t.Context(), u, client.FieldValidation("Strict")); err != nil {
		t.Fatalf("create: %v", err)
	}
	if !chosen {
		return
	}
	u.Object["status"] = map[string]any{"resolved": resolved()}
	if err := c.Status().Update(t.Context(), u); err != nil {
		t.Fatalf("update status: %v", err)
	}
}
