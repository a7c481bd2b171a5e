package virtualcluster

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// paused says whether no node is to run.
func (s *Scope) paused() bool { return s.vc.Spec.Lifecycle.IsPaused() }

// hold keeps a paused cluster from making nodes. All else is kept current: its
// kubeconfig, its Services, and what its nodes are told.
func hold(s *Scope) error {
	if !s.paused() {
		return nil
	}
	return stall(v1alpha1.ConditionReady, v1alpha1.ReasonPaused, "%s", s.pauseWords())
}

// rest stops the nodes of a paused cluster. It is no part of deciding what they
// should be: a cluster that cannot go on for another reason, or was made by an
// older controller, is stopped like any other, and by nothing but a number. Its
// volumes stay.
func rest(s *Scope) error {
	if !s.paused() {
		return nil
	}
	for _, g := range s.groups() {
		set := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]
		if set == nil || set.DeletionTimestamp != nil {
			continue
		}
		config, err := cluster.PausedStatefulSet(set)
		if err != nil {
			return err //nolint:wrapcheck // it names the object
		}
		apply(&s.plan, set, config, cluster.ExtractStatefulSet)
	}
	return s.plan.err
}

// atRest says whether no node runs or is about to: the host confirms it.
func (s *Scope) atRest() bool {
	for _, set := range s.children.statefulSets {
		seen := set.Status.ObservedGeneration >= set.Generation
		if ptr.Deref(set.Spec.Replicas, 1) != 0 || !seen || set.Status.Replicas != 0 {
			return false
		}
	}
	return len(s.pods) == 0
}

// tellPause says of what does not run that it is paused, where the steps before
// found no trouble: they take it for something that comes.
func tellPause(s *Scope) error {
	if !s.paused() {
		return nil
	}
	reason, message := v1alpha1.ReasonPausing, "the nodes end, because the cluster is to be paused"
	if s.atRest() {
		reason, message = v1alpha1.ReasonPaused, "no node runs while the cluster is paused"
	}
	for _, name := range []string{v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady} {
		c := s.condition(name)
		coming := c.Status == metav1.ConditionFalse && slices.Contains(quiet, c.Reason)
		if coming || reason == v1alpha1.ReasonPaused {
			s.no(name, reason, message)
		}
	}
	if len(s.pods) == 0 {
		s.unknown(v1alpha1.ConditionIsolated, reason, "there is no node pod to look at: the cluster is paused")
	}
	return nil
}

// made says whether all has been made of a paused cluster that is made without
// nodes. One that had nodes is paused once they are gone.
func (s *Scope) made() bool {
	return s.stopped == nil || s.stopped.kind == stalled || s.children.statefulSets[cluster.GroupName(s.vc.Name, cluster.ServerGroup)] != nil
}

// summarisePause sets Ready and Stalled of a paused cluster. Until its last pod
// is gone it is on its way; then nobody but the user can go on. What else may be
// the matter is told beside that: it does not matter before.
func (s *Scope) summarisePause() {
	if !s.atRest() {
		meta.RemoveStatusCondition(&s.vc.Status.Conditions, v1alpha1.ConditionStalled)
		s.no(v1alpha1.ConditionReady, v1alpha1.ReasonPausing, "the nodes end"+s.clinging()+"; state, identity and kubeconfig are kept")
		return
	}
	message := s.pauseWords()
	if s.stopped != nil && s.stopped.kind == stalled && s.stopped.reason != v1alpha1.ReasonPaused {
		message += fmt.Sprintf("; it will not get far, because of %s: %s", s.stopped.reason, s.stopped.message)
	}
	s.no(v1alpha1.ConditionReady, v1alpha1.ReasonPaused, message)
	s.yes(v1alpha1.ConditionStalled, v1alpha1.ReasonPaused, message)
}

func (s *Scope) pauseWords() string {
	return fmt.Sprintf("no node runs; state, identity and kubeconfig are kept: vclusterctl resume %s starts the nodes again", s.vc.Name)
}

// clinging names the first pod that should be gone by now. It comes back for
// those that have time left.
func (s *Scope) clinging() string {
	i := slices.IndexFunc(s.pods, func(p corev1.Pod) bool {
		if p.DeletionTimestamp == nil {
			return false
		}
		due := p.DeletionTimestamp.Add(overdue)
		s.comeBack(due.Sub(s.now))
		return !s.now.Before(due)
	})
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(", but pod %q is still there, on node %q of the host; kubectl describe pod %[1]s shows what it waits for",
		s.pods[i].Name, s.pods[i].Spec.NodeName)
}
