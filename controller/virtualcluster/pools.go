package virtualcluster

import (
	"cmp"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// pools runs the workers, at the same time as the servers: they keep asking
// until they may join. One that cannot be does not keep the others from
// following.
func pools(s *Scope) error {
	var first *stop
	for _, g := range s.groups()[1:] {
		err := s.run(g)
		if stop, ok := errors.AsType[*stop](err); ok {
			first = cmp.Or(first, stop)
		} else if err != nil {
			return err
		}
	}
	if first != nil {
		return first
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
