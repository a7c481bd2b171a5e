package truth

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// rule is what must hold of every status. It returns what is wrong.
type rule func(*v1alpha1.VirtualCluster) string

var rules = []rule{
	generations,
	summary,
	stalled,
	controlPlane,
	nodes,
	nodePods,
	kubeconfig,
	paused,
	awake,
	expiring,
	words,
}

// Check names every contradiction in the status of a cluster.
func Check(vc *v1alpha1.VirtualCluster) error {
	var errs []error
	for _, r := range rules {
		if wrong := r(vc); wrong != "" {
			errs = append(errs, errors.New(wrong))
		}
	}
	return errors.Join(errs...)
}

// Follows names what must not have changed from one status of a cluster to a
// later one of the same cluster.
func Follows(before, after *v1alpha1.VirtualCluster) error {
	a, b := before.Status, after.Status
	switch {
	case before.UID != after.UID:
		return nil
	case a.IdentityFingerprint != "" && a.IdentityFingerprint != b.IdentityFingerprint:
		return fmt.Errorf("the identity changed from %.12q to %.12q", a.IdentityFingerprint, b.IdentityFingerprint)
	case a.ObservedGeneration > b.ObservedGeneration:
		return fmt.Errorf("observedGeneration went back from %d to %d", a.ObservedGeneration, b.ObservedGeneration)
	case a.State != nil && b.State != nil && a.State.ID != b.State.ID && b.State.LostAt == nil && !restored(a.State, b.State.ID):
		return fmt.Errorf("the state changed from %q to %q, and none was lost", a.State.ID, b.State.ID)
	case a.Resolved != nil && (b.Resolved == nil || *a.Resolved != *b.Resolved):
		return fmt.Errorf("what was resolved changed from %+v to %+v", a.Resolved, b.Resolved)
	default:
		return nil
	}
}

// restored says whether a state is the first of those that were lost: with it,
// all that ever was stored in the servers' own state is there again.
func restored(before *v1alpha1.StateStatus, id string) bool {
	return len(before.Lost) > 0 && before.Lost[0].ID == id
}

func is(vc *v1alpha1.VirtualCluster, condition string) bool {
	return meta.IsStatusConditionTrue(vc.Status.Conditions, condition)
}

func reason(vc *v1alpha1.VirtualCluster, condition string) string {
	if c := meta.FindStatusCondition(vc.Status.Conditions, condition); c != nil {
		return c.Reason
	}
	return ""
}

// generations: nothing is about a spec that nobody has written yet, and no
// condition is newer than the status it is part of.
func generations(vc *v1alpha1.VirtualCluster) string {
	if vc.Status.ObservedGeneration > vc.Generation {
		return fmt.Sprintf("observedGeneration %d is ahead of generation %d", vc.Status.ObservedGeneration, vc.Generation)
	}
	for _, c := range vc.Status.Conditions {
		if c.ObservedGeneration > vc.Status.ObservedGeneration {
			return fmt.Sprintf("condition %s is about generation %d, the status about %d", c.Type, c.ObservedGeneration, vc.Status.ObservedGeneration)
		}
	}
	return ""
}

// summary: Ready promises what the others say. A runtime that is gone does not
// stop the nodes that run.
func summary(vc *v1alpha1.VirtualCluster) string {
	if !is(vc, v1alpha1.ConditionReady) {
		return ""
	}
	for _, c := range []string{v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady, v1alpha1.ConditionKubeconfigReady} {
		if !is(vc, c) {
			return "Ready is True and " + c + " is not"
		}
	}
	if reason(vc, v1alpha1.ConditionIsolated) == v1alpha1.ReasonViolated {
		return "Ready is True and the isolation is violated"
	}
	return ""
}

func stalled(vc *v1alpha1.VirtualCluster) string {
	if !is(vc, v1alpha1.ConditionStalled) {
		return ""
	}
	if is(vc, v1alpha1.ConditionReady) {
		return "Stalled and Ready are both True"
	}
	if s, r := reason(vc, v1alpha1.ConditionStalled), reason(vc, v1alpha1.ConditionReady); s != r {
		return fmt.Sprintf("Stalled is because of %s, and Ready is False because of %s", s, r)
	}
	return ""
}

func controlPlane(vc *v1alpha1.VirtualCluster) string {
	if !is(vc, v1alpha1.ConditionControlPlaneReady) {
		return ""
	}
	switch s := vc.Status; {
	case s.Servers == nil || s.Servers.ReadyReplicas == 0:
		return "ControlPlaneReady is True and no server is ready"
	case s.IdentityFingerprint == "":
		return "ControlPlaneReady is True and no identity is on record"
	default:
		return ""
	}
}

// nodes: whoever says that all nodes are Ready has counted them, and asked an
// API that serves.
func nodes(vc *v1alpha1.VirtualCluster) string {
	if !is(vc, v1alpha1.ConditionNodesReady) {
		return ""
	}
	if !is(vc, v1alpha1.ConditionControlPlaneReady) {
		return "NodesReady is True and ControlPlaneReady is not"
	}
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionNodesReady)
	if want := wanted(vc); c.ObservedGeneration == vc.Generation && vc.Status.Nodes != want {
		return fmt.Sprintf("NodesReady is True and %d of %d nodes are", vc.Status.Nodes, want)
	}
	return ""
}

// nodePods: a node is no more Ready than the pod that it runs in, whatever the
// cluster inside still says of it.
func nodePods(vc *v1alpha1.VirtualCluster) string {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionNodesReady)
	if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != vc.Generation {
		return ""
	}
	ready := map[string]int32{}
	for _, p := range vc.Status.Pools {
		ready[p.Name] = p.ReadyReplicas
	}
	for _, p := range vc.Spec.Pools {
		if want := ptr.Deref(p.Replicas, 1); ready[p.Name] < want {
			return fmt.Sprintf("NodesReady is True and %d of %d pods of pool %s are ready", ready[p.Name], want, p.Name)
		}
	}
	want := ptr.Deref(vc.Spec.Servers.Replicas, 1)
	if s := vc.Status.Servers; !vc.Status.Resolved.IsControlPlaneOnly() && (s == nil || s.ReadyReplicas < want) {
		return fmt.Sprintf("NodesReady is True and not all of %d servers are ready", want)
	}
	return ""
}

// wanted is how many nodes there are to be. Servers that run the control plane
// alone are none.
func wanted(vc *v1alpha1.VirtualCluster) int32 {
	n := ptr.Deref(vc.Spec.Servers.Replicas, 1)
	if vc.Status.Resolved.IsControlPlaneOnly() {
		n = 0
	}
	for _, p := range vc.Spec.Pools {
		n += ptr.Deref(p.Replicas, 1)
	}
	return n
}

func kubeconfig(vc *v1alpha1.VirtualCluster) string {
	if is(vc, v1alpha1.ConditionKubeconfigReady) && (vc.Status.KubeconfigSecretRef == nil || vc.Status.Endpoint == "") {
		return "KubeconfigReady is True and the status names no Secret or no endpoint"
	}
	return ""
}

// words: what is not True says why, and no condition is there twice.
func words(vc *v1alpha1.VirtualCluster) string {
	seen := map[string]bool{}
	for _, c := range vc.Status.Conditions {
		if seen[c.Type] {
			return "condition " + c.Type + " is there twice"
		}
		seen[c.Type] = true
		if c.Reason == "" || c.Message == "" && c.Status != metav1.ConditionTrue {
			return fmt.Sprintf("condition %s is %s without a reason and a message", c.Type, c.Status)
		}
	}
	return ""
}
