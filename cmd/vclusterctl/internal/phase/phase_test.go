package phase

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

var booted0 = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// cluster is one of generation 2 with changes.
func cluster(changes ...func(*v1alpha1.VirtualCluster)) *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", Generation: 2}}
	vc.Status.ObservedGeneration = 2
	for _, change := range changes {
		change(vc)
	}
	return vc
}

func condition(kind string, status metav1.ConditionStatus, reason, message string) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) {
		vc.Status.Conditions = append(vc.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message})
	}
}

func resolved(vc *v1alpha1.VirtualCluster) {
	vc.Status.Resolved = &v1alpha1.Resolved{Distro: v1alpha1.DistroK8s, Version: "v1.36.3"}
	vc.Status.Runtime = &v1alpha1.RuntimeStatus{Servers: "userns"}
}

func milestoneAt(name string) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) {
		vc.Status.Timeline = append(vc.Status.Timeline, v1alpha1.TimelineEntry{Name: name, Time: metav1.NewMicroTime(booted0)})
	}
}

func stale(vc *v1alpha1.VirtualCluster) { vc.Status.ObservedGeneration = 1 }

func TestOf(t *testing.T) {
	yes := func(kind string) func(*v1alpha1.VirtualCluster) {
		return condition(kind, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	}
	all := []func(*v1alpha1.VirtualCluster){
		resolved, yes(v1alpha1.ConditionRuntimeReady), yes(v1alpha1.ConditionKubeconfigReady), yes(v1alpha1.ConditionControlPlaneReady),
		yes(v1alpha1.ConditionNodesReady), yes(v1alpha1.ConditionReady), milestoneAt("Init"),
	}
	waiting := func(names ...string) (phases []Phase) {
		for _, n := range names {
			phases = append(phases, Phase{Name: n, State: Waiting})
		}
		return phases
	}
	cases := map[string]struct {
		reason string
		vc     *v1alpha1.VirtualCluster
		want   []Phase
	}{
		"New": {
			reason: "Before the controller has seen it, nothing has passed.",
			vc:     &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Generation: 1}},
			want: append([]Phase{{Name: "Accepted", State: Active, Detail: "the controller has not taken it up yet"}},
				waiting("Runtime found", "Credentials issued", "Node booted", "API serving", "Nodes ready", "Ready")...),
		},
		"Stale": {
			reason: "A status about an older spec says nothing of this one.",
			vc:     cluster(append(all, stale)...),
			want: append([]Phase{{Name: "Accepted", State: Active, Detail: "the controller has not taken it up yet"}},
				waiting("Runtime found", "Credentials issued", "Node booted", "API serving", "Nodes ready", "Ready")...),
		},
		"Probing": {
			reason: "A spec is accepted before its nodes decide what it resolves to.",
			vc:     cluster(condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonProbing, "finding out")),
			want: append([]Phase{{Name: "Accepted", State: Passed}, {Name: "Runtime found", State: Active, Detail: "Probing: finding out"}},
				waiting("Credentials issued", "Node booted", "API serving", "Nodes ready", "Ready")...),
		},
		"NotLookedAt": {
			reason: "Before the controller has got as far as the runtime, it has accepted nothing.",
			vc:     cluster(condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionUnknown, v1alpha1.ReasonPending, "not looked at yet")),
			want: append([]Phase{{Name: "Accepted", State: Active}},
				waiting("Runtime found", "Credentials issued", "Node booted", "API serving", "Nodes ready", "Ready")...),
		},
		"PullingImage": {
			reason: "The active phase says what it waits for, with the reason where that tells more.",
			vc: cluster(resolved, yes(v1alpha1.ConditionRuntimeReady), yes(v1alpha1.ConditionKubeconfigReady),
				condition(v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed, "no such image")),
			want: append([]Phase{
				{Name: "Accepted", State: Passed, Detail: "k8s v1.36.3"},
				{Name: "Runtime found", State: Passed, Detail: "userns"},
				{Name: "Credentials issued", State: Passed},
				{Name: "Node booted", State: Active, Detail: "ImagePullFailed: no such image"},
			}, waiting("API serving", "Nodes ready", "Ready")...),
		},
		"LateAddress": {
			reason: "Phases may pass out of order: a load balancer's address comes late.",
			vc: cluster(resolved, yes(v1alpha1.ConditionRuntimeReady), milestoneAt("Init"),
				condition(v1alpha1.ConditionKubeconfigReady, metav1.ConditionFalse, v1alpha1.ReasonPending, "no address yet")),
			want: append([]Phase{
				{Name: "Accepted", State: Passed, Detail: "k8s v1.36.3"},
				{Name: "Runtime found", State: Passed, Detail: "userns"},
				{Name: "Credentials issued", State: Active, Detail: "no address yet"},
				{Name: "Node booted", State: Passed, At: booted0},
			}, waiting("API serving", "Nodes ready", "Ready")...),
		},
		"NoCapableNode": {
			reason: "A phase that cannot pass by waiting has failed.",
			vc:     cluster(resolved, condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonNoCapableNode, "no node")),
			want: append([]Phase{
				{Name: "Accepted", State: Passed, Detail: "k8s v1.36.3"},
				{Name: "Runtime found", State: Failed, Detail: "NoCapableNode: no node"},
			}, waiting("Credentials issued", "Node booted", "API serving", "Nodes ready", "Ready")...),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Of(tc.vc)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nOf(): -want, +got:\n%s", tc.reason, diff)
			}
			if Done(got) {
				t.Errorf("%s\nDone(): got true", tc.reason)
			}
		})
	}
	if phases := Of(cluster(all...)); !Done(phases) {
		t.Errorf("a ready cluster: Done() is false for %v", phases)
	}
}

func TestFailure(t *testing.T) {
	stalled := condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonCIDRConflict, "overlap")
	noNode := condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonNoCapableNode, "no node")
	cases := map[string]struct {
		reason string
		vc     *v1alpha1.VirtualCluster
		want   *Fault
	}{
		"Fine":       {reason: "A cluster on its way has no fault.", vc: cluster()},
		"Stalled":    {reason: "Only the user can go on.", vc: cluster(stalled), want: &Fault{Reason: "CIDRConflict", Message: "overlap"}},
		"NotStalled": {reason: "Stalled=False is no fault.", vc: cluster(condition(v1alpha1.ConditionStalled, metav1.ConditionFalse, "Fine", ""))},
		"Preflight":  {reason: "The host cannot run it.", vc: cluster(noNode), want: &Fault{Reason: "NoCapableNode", Message: "no node", Preflight: true}},
		"Both":       {reason: "The host's inability is the cause.", vc: cluster(stalled, noNode), want: &Fault{Reason: "NoCapableNode", Message: "no node", Preflight: true}},
		"AwaitsNode": {reason: "Waiting for an autoscaled node makes sense.", vc: cluster(condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonPending, "none yet"))},
		"StaleFault": {reason: "The fault may be mended by the new spec.", vc: cluster(stalled, stale)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Failure(tc.vc)); diff != "" {
				t.Errorf("%s\nFailure(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
