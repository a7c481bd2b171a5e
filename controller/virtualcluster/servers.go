package virtualcluster

import (
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// servers runs the servers: never before a node can take them, and never
// before the identity they will write their data under is on record.
func servers(s *Scope) error {
	if s.runtimeStop != nil {
		return s.runtimeStop
	}
	if s.recorded != s.identity.Fingerprint() {
		return wait(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonProgressing, "recording the identity before the first server starts")
	}
	return s.run(cluster.Servers(s.vc.Spec))
}

// run plans the StatefulSet of a group.
func (s *Scope) run(g cluster.Group) error {
	set, err := cluster.StatefulSet(s.input, g, s.shape)
	if err != nil {
		return err
	}
	observed := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]
	if stop := s.checkClaims(g); stop != nil {
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
