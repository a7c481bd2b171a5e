package tuitest

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Now is what the clock of every test begins with.
var Now = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// Option changes a cluster.
type Option func(*v1alpha1.VirtualCluster)

// Cluster is a new cluster that nobody has looked at yet.
func Cluster(name string, options ...Option) *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: name, UID: types.UID("uid-" + name), Generation: 1, ResourceVersion: "1",
		CreationTimestamp: metav1.NewTime(Now.Add(-10 * time.Minute)),
	}}
	for _, o := range options {
		o(vc)
	}
	return vc
}

// In puts a cluster into a namespace.
func In(namespace string) Option {
	return func(vc *v1alpha1.VirtualCluster) { vc.Namespace = namespace }
}

// Aged makes a cluster that old.
func Aged(d time.Duration) Option {
	return func(vc *v1alpha1.VirtualCluster) { vc.CreationTimestamp = metav1.NewTime(Now.Add(-d)) }
}

// With adds a condition, or changes it.
func With(kind string, status metav1.ConditionStatus, reason, message string) Option {
	return func(vc *v1alpha1.VirtualCluster) {
		vc.Status.ObservedGeneration = vc.Generation
		c := metav1.Condition{
			Type: kind, Status: status, Reason: reason, Message: message,
			LastTransitionTime: metav1.NewTime(Now.Add(-9 * time.Minute)), ObservedGeneration: vc.Generation,
		}
		for i := range vc.Status.Conditions {
			if vc.Status.Conditions[i].Type == kind {
				vc.Status.Conditions[i] = c
				return
			}
		}
		vc.Status.Conditions = append(vc.Status.Conditions, c)
	}
}

// Accepted has its values resolved and its runtime found.
func Accepted(vc *v1alpha1.VirtualCluster) {
	vc.Status.Resolved = &v1alpha1.Resolved{
		Distro: v1alpha1.DistroK8s, DistroReason: "the node image carries no k3s", Version: "v1.36.3",
		Image: "localhost/vclusterctl/node:v1.36.3", PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/16",
		ClusterDomain: "cluster.local", Datastore: "etcd", TemplateRevision: "1",
	}
	vc.Status.Runtime = &v1alpha1.RuntimeStatus{Servers: "userns"}
	With(v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")(vc)
	With(v1alpha1.ConditionKubeconfigReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")(vc)
	With(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonBooting, "its nodes boot")(vc)
}

// Booted is accepted, and its first node has begun.
func Booted(vc *v1alpha1.VirtualCluster) {
	Accepted(vc)
	vc.Status.Timeline = []v1alpha1.TimelineEntry{{Name: guestapi.MilestoneInit, Time: metav1.NewMicroTime(Now.Add(-9 * time.Minute))}}
	With(v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonBooting, "etcd and kube-apiserver start")(vc)
}

// Ready is a cluster with everything.
func Ready(vc *v1alpha1.VirtualCluster) {
	Booted(vc)
	for _, kind := range []string{
		v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady, v1alpha1.ConditionReady,
	} {
		With(kind, metav1.ConditionTrue, v1alpha1.ReasonReady, "")(vc)
	}
	With(v1alpha1.ConditionIsolated, metav1.ConditionTrue, v1alpha1.ReasonProven, "")(vc)
	vc.Status.Nodes = 1
	vc.Status.Endpoint = "https://10.215.3.4:443"
	vc.Status.Isolation = []v1alpha1.IsolationFact{
		{Name: "hostUsers", Value: "false", Source: v1alpha1.SourceHost, Holds: true},
		{Name: "uidMap", Value: "0 2147483648 65536", Source: v1alpha1.SourceGuest, Holds: true},
	}
	vc.Status.Servers = &v1alpha1.NodeGroupStatus{Replicas: 1, ReadyReplicas: 1}
	for _, m := range []struct {
		name string
		ms   int
	}{
		{guestapi.MilestonePrepared, 350},
		{guestapi.MilestoneDatastore, 1900},
		{guestapi.MilestoneAPI, 5420},
		{guestapi.MilestoneNode, 9100},
		{guestapi.MilestoneSchedulable, 9800},
	} {
		at := Now.Add(-9*time.Minute + time.Duration(m.ms)*time.Millisecond)
		vc.Status.Timeline = append(vc.Status.Timeline, v1alpha1.TimelineEntry{Name: m.name, Time: metav1.NewMicroTime(at)})
	}
}

// Pool adds a pool of workers.
func Pool(name string, nodes int32) Option {
	return func(vc *v1alpha1.VirtualCluster) {
		vc.Spec.Pools = append(vc.Spec.Pools, v1alpha1.Pool{Name: name, Replicas: ptr.To(nodes)})
		vc.Status.Pools = append(vc.Status.Pools, v1alpha1.PoolStatus{Name: name, NodeGroupStatus: v1alpha1.NodeGroupStatus{Replicas: nodes}})
	}
}

// NoNode is a cluster that no node of the host can run.
func NoNode(vc *v1alpha1.VirtualCluster) {
	Accepted(vc)
	message := "no node of the host offers the runtime userns: 2 have a kernel older than 6.3"
	With(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonNoCapableNode, message)(vc)
	With(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNoCapableNode, message)(vc)
	vc.Status.Runtime = nil
}

// NoImage is a cluster whose image cannot be pulled.
func NoImage(vc *v1alpha1.VirtualCluster) {
	Accepted(vc)
	message := "pod dev-server-0 cannot get its image: not found"
	With(v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed, message)(vc)
	With(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed, message)(vc)
}

// Paused is a cluster that was ready and has been paused.
func Paused(vc *v1alpha1.VirtualCluster) {
	Ready(vc)
	vc.Spec.Lifecycle.Paused = ptr.To(true)
	vc.Status.Nodes = 0
	With(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPaused, "paused; go on with: vclusterctl resume")(vc)
	With(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonPaused, "paused")(vc)
}

// Deleting is a cluster that goes away.
func Deleting(vc *v1alpha1.VirtualCluster) {
	Ready(vc)
	at := metav1.NewTime(Now)
	vc.DeletionTimestamp = &at
}

// Many are n clusters in all states, over ten namespaces.
func Many(n int) []*v1alpha1.VirtualCluster {
	states := []Option{Ready, Ready, Ready, Booted, Ready, Accepted, Ready, NoNode, Ready, Paused}
	all := make([]*v1alpha1.VirtualCluster, n)
	for i := range all {
		all[i] = Cluster(fmt.Sprintf("cluster-%04d", i), In(fmt.Sprintf("team-%d", i%10)), states[i%len(states)], Aged(time.Duration(i+1)*time.Minute))
	}
	return all
}
