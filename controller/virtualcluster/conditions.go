package virtualcluster

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// dependents are the conditions that Ready sums up, in the order in which a new
// cluster passes them. Isolated is not among them: a cluster that runs without
// something safe to miss says so there and still works.
var dependents = []string{
	v1alpha1.ConditionRuntimeReady,
	v1alpha1.ConditionControlPlaneReady,
	v1alpha1.ConditionKubeconfigReady,
	v1alpha1.ConditionNodesReady,
}

// initialise shows every condition from the first visit on.
func (s *Scope) initialise() {
	all := append([]string{
		v1alpha1.ConditionReady, v1alpha1.ConditionIsolated, v1alpha1.ConditionStateKept, v1alpha1.ConditionUpToDate,
	}, dependents...)
	for _, c := range all {
		if meta.FindStatusCondition(s.vc.Status.Conditions, c) == nil {
			s.set(c, metav1.ConditionUnknown, v1alpha1.ReasonPending, "not looked at yet")
		}
	}
}

// maxMessage is less than what the API takes: messages are for people.
const maxMessage = 1024

func (s *Scope) set(condition string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&s.vc.Status.Conditions, metav1.Condition{
		Type:               condition,
		Status:             status,
		ObservedGeneration: s.vc.Generation,
		LastTransitionTime: metav1.NewTime(s.now),
		Reason:             reason,
		Message:            cut(message, maxMessage),
	})
}

func (s *Scope) yes(condition, reason, message string) {
	s.set(condition, metav1.ConditionTrue, reason, message)
}

func (s *Scope) no(condition, reason, message string) {
	s.set(condition, metav1.ConditionFalse, reason, message)
}

func (s *Scope) unknown(condition, reason, message string) {
	s.set(condition, metav1.ConditionUnknown, reason, message)
}

func (s *Scope) condition(name string) metav1.Condition {
	if c := meta.FindStatusCondition(s.vc.Status.Conditions, name); c != nil {
		return *c
	}
	return metav1.Condition{Type: name, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending}
}
