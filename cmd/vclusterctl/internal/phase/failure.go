package phase

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Fault is why a cluster will not come up unless somebody does something.
type Fault struct {
	Reason, Message string
	// Preflight is set when the host cannot run the cluster at all.
	Preflight bool
}

// hopeless are the reasons of RuntimeReady=False that do not go away by
// themselves.
var hopeless = []string{v1alpha1.ReasonRuntimeClassMissing, v1alpha1.ReasonNoCapableNode, v1alpha1.ReasonProbeFailed}

// Failure is nil as long as waiting makes sense.
func Failure(vc *v1alpha1.VirtualCluster) *Fault {
	if vc.Status.ObservedGeneration < vc.Generation {
		return nil
	}
	if c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionRuntimeReady); isHopeless(c) {
		return &Fault{Reason: c.Reason, Message: c.Message, Preflight: true}
	}
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionStalled)
	if c == nil || c.Status != metav1.ConditionTrue {
		return nil
	}
	return &Fault{Reason: c.Reason, Message: c.Message}
}

func isHopeless(c *metav1.Condition) bool {
	return c != nil && c.Status == metav1.ConditionFalse && slices.Contains(hopeless, c.Reason)
}
