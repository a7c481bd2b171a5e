package virtualcluster

import (
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// servers runs the servers: never before a node can take them, and never
// before the identity they will write their data under is on record.
func servers(s *Scope) error {
	group := s.groups()[0]
	if stop := s.noRuntime(group); stop != nil {
		return stop
	}
	if s.recorded != s.identity.Fingerprint() {
		return wait(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonProgressing, "recording the identity before the first server starts")
	}
	return s.run(group)
}

// run plans the StatefulSet of a group.
func (s *Scope) run(g cluster.Group) error {
	if stop := s.noRuntime(g); stop != nil {
		return stop
	}
	observed := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]
	set, err := s.setOf(g)
	if err != nil {
		return err
	}
	if stop := s.checkClaims(g); stop != nil {
		return stop
	}
	if stop := s.dropSurplus(g, observed); stop != nil {
		return stop
	}
	if change := apply(&s.plan, observed, set, cluster.ExtractStatefulSet); change != nil {
		change.group = g.Name
	}
	if observed == nil || len(s.groupPods(g.Name)) < int(g.Replicas) {
		pod, err := trialPod(set, s.vc.Namespace)
		if err != nil {
			return err
		}
		s.trials = append(s.trials, trial{group: g.Name, pod: pod})
	}
	return nil
}
