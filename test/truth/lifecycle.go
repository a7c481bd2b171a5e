package truth

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// current says whether a status is about the spec beside it.
func current(vc *v1alpha1.VirtualCluster) bool {
	return vc.Status.ObservedGeneration == vc.Generation
}

// paused: who says so has seen the last node go. Nothing runs, nobody vouches
// for what does not run, and only the user can go on.
func paused(vc *v1alpha1.VirtualCluster) string {
	if reason(vc, v1alpha1.ConditionReady) != v1alpha1.ReasonPaused {
		return ""
	}
	for _, c := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady, v1alpha1.ConditionIsolated,
	} {
		if is(vc, c) {
			return "the cluster is paused and " + c + " is True"
		}
	}
	if !is(vc, v1alpha1.ConditionStalled) {
		return "the cluster is paused and Stalled is not True"
	}
	if n := running(vc); n != 0 {
		return fmt.Sprintf("the cluster is paused and %d nodes run", n)
	}
	if current(vc) && !vc.Spec.Lifecycle.IsPaused() {
		return "the cluster is said to be paused, and nobody asked for that"
	}
	return ""
}

// running is how many nodes there are, by whichever count says most.
func running(vc *v1alpha1.VirtualCluster) int32 {
	var pods int32
	if s := vc.Status.Servers; s != nil {
		pods += s.ReadyReplicas
	}
	for _, p := range vc.Status.Pools {
		pods += p.ReadyReplicas
	}
	return max(pods, vc.Status.Nodes)
}

// awake: a cluster that is to be paused is not Ready, and one that is not to be
// does not pause.
func awake(vc *v1alpha1.VirtualCluster) string {
	switch asked := vc.Spec.Lifecycle.IsPaused(); {
	case !current(vc):
		return ""
	case asked && is(vc, v1alpha1.ConditionReady):
		return "the cluster is to be paused and Ready is True"
	case !asked && reason(vc, v1alpha1.ConditionReady) == v1alpha1.ReasonPausing:
		return "the cluster is said to pause, and nobody asked for that"
	default:
		return ""
	}
}

// expiring: a cluster ends when its spec says, and whoever announces the end
// says when it is.
func expiring(vc *v1alpha1.VirtualCluster) string {
	at := vc.Status.ExpiresAt
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionExpiring)
	switch {
	case c != nil && (c.Status != metav1.ConditionTrue || at == nil):
		return "Expiring is there, and the status does not say when"
	case !current(vc):
		return ""
	}
	ttl := time.Duration(vc.Spec.Lifecycle.TTLSeconds) * time.Second
	switch end := vc.CreationTimestamp.Add(ttl); {
	case ttl == 0 && at != nil:
		return fmt.Sprintf("the cluster expires at %s, and nobody asked for that", at)
	case ttl > 0 && at == nil:
		return "the cluster expires, and the status does not say when"
	case ttl > 0 && !at.Time.Equal(end):
		return fmt.Sprintf("the cluster expires at %s, and is said to at %s", end, at)
	default:
		return ""
	}
}
