package virtualcluster

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// summarise sets Ready from all the others, and Stalled only while nobody but
// the user or the administrator can go on.
func summarise(s *Scope) error {
	s.vc.Status.ObservedGeneration = s.vc.Generation
	if s.paused() && s.made() {
		s.summarisePause()
		return nil
	}
	if s.stopped != nil && s.stopped.kind == stalled {
		s.yes(v1alpha1.ConditionStalled, s.stopped.reason, s.stopped.message)
	} else {
		meta.RemoveStatusCondition(&s.vc.Status.Conditions, v1alpha1.ConditionStalled)
	}
	if reason, message, hit := s.hindrance(); hit {
		s.no(v1alpha1.ConditionReady, reason, message)
		return nil
	}
	if s.vc.Status.Nodes == 0 && !s.wantsNodes() {
		s.yes(v1alpha1.ConditionReady, v1alpha1.ReasonReady, "the API serves; pods wait for a node, and none is wanted: add a pool to run them")
		return nil
	}
	s.yes(v1alpha1.ConditionReady, v1alpha1.ReasonReady, "a pod can start inside")
	return nil
}

// hindrance is the first thing that keeps a cluster from being ready. A runtime
// that is gone does not: it is needed to make a node, and then the missing node
// or the stop says so, but not for the nodes that run.
func (s *Scope) hindrance() (reason, message string, hit bool) {
	if s.stopped != nil {
		return s.stopped.reason, s.stopped.message, true
	}
	running := s.condition(v1alpha1.ConditionNodesReady).Status == metav1.ConditionTrue
	for _, name := range dependents {
		if name == v1alpha1.ConditionRuntimeReady && running {
			continue
		}
		if c := s.condition(name); c.Status != metav1.ConditionTrue {
			return c.Reason, c.Message, true
		}
	}
	if c := s.condition(v1alpha1.ConditionIsolated); c.Reason == v1alpha1.ReasonViolated {
		return c.Reason, c.Message, true
	}
	return "", "", false
}
