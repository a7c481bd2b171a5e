package virtualcluster

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// pools runs the workers, at the same time as the servers: they keep asking
// until they may join.
func pools(s *Scope) error {
	for _, g := range cluster.Pools(s.vc.Spec) {
		if err := s.run(g); err != nil {
			return err
		}
	}
	return nil
}

// housekeep removes what belongs to pools that are no longer wanted.
func housekeep(s *Scope) error {
	wanted := map[string]bool{}
	for _, g := range s.groups() {
		wanted[g.Name] = true
	}
	for _, name := range sortedKeys(s.children.statefulSets) {
		s.removeUnless(wanted, s.children.statefulSets[name])
	}
	for _, name := range sortedKeys(s.children.configMaps) {
		s.removeUnless(wanted, s.children.configMaps[name])
	}
	return nil
}

func (s *Scope) removeUnless(wanted map[string]bool, obj client.Object) {
	pool := obj.GetLabels()[v1alpha1.LabelPool]
	if pool != "" && !wanted[pool] && obj.GetDeletionTimestamp() == nil {
		s.plan.remove(obj)
	}
}
