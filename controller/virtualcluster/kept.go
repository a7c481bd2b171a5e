package virtualcluster

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// keeps says whether a group keeps the shape it has: because the cluster was
// made from another template than this controller makes, or because there is no
// runtime that would give it one.
func (s *Scope) keeps(g cluster.Group) bool {
	c := s.choiceOf(g.Name)
	return c == nil || c.stop != nil || s.older()
}

// older says whether the cluster was made from another template than this
// controller makes.
func (s *Scope) older() bool { return cluster.IsKept(s.vc.Status.Resolved.TemplateRevision) }

// kin are the groups that a group can take its shape from: itself, and for a
// pool the other pools and the servers. Servers take after no pool, which has
// less than they need.
func (s *Scope) kin(g cluster.Group) []string {
	names := []string{g.Name}
	if g.Name == cluster.ServerGroup {
		return names
	}
	for _, other := range cluster.Pools(s.vc.Spec) {
		names = append(names, other.Name)
	}
	return append(names, cluster.ServerGroup)
}

// hasKin says whether any group is there that another could take after, were it
// of the same runtime.
func (s *Scope) hasKin(g cluster.Group) bool {
	return slices.ContainsFunc(s.kin(g), func(name string) bool {
		return s.children.statefulSets[cluster.GroupName(s.vc.Name, name)] != nil
	})
}

// modelConfig is the configuration that a group takes after, nil if there is none.
func (s *Scope) modelConfig(g cluster.Group) *corev1.ConfigMap {
	for _, name := range s.kin(g) {
		if config := s.children.configMaps[cluster.GroupName(s.vc.Name, name)]; config != nil {
			return config
		}
	}
	return nil
}

// modelSet is the StatefulSet that a group takes after, nil if there is none. One
// under another runtime would give it that runtime.
func (s *Scope) modelSet(g cluster.Group) *appsv1.StatefulSet {
	for _, name := range s.kin(g) {
		set := s.children.statefulSets[cluster.GroupName(s.vc.Name, name)]
		if set == nil || set.DeletionTimestamp != nil {
			continue
		}
		class := set.Spec.Template.Spec.RuntimeClassName
		if name == g.Name || class != nil && *class == s.shapeOf(g).RuntimeClassName {
			return set
		}
	}
	return nil
}

// configOf is the configuration of the nodes of a group.
func (s *Scope) configOf(g cluster.Group) (*corev1ac.ConfigMapApplyConfiguration, error) {
	if model := s.modelConfig(g); model != nil && s.older() {
		return cluster.KeptConfigMap(s.input, g, model) //nolint:wrapcheck // it names the object
	}
	return cluster.ConfigMap(s.input, g) //nolint:wrapcheck // it names the group
}

// setOf is the StatefulSet of a group.
func (s *Scope) setOf(g cluster.Group) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	set := s.modelSet(g)
	if set == nil && s.older() && s.hasKin(g) {
		return nil, stall(v1alpha1.ConditionNodesReady, v1alpha1.ReasonRuntimeUnsupported,
			"group %q asks for RuntimeClass %q, and no nodes of this cluster, which is of an older template, have it to take after; leave its runtime out, or create another cluster",
			g.Name, s.shapeOf(g).RuntimeClassName)
	}
	if set == nil || !s.keeps(g) {
		return cluster.StatefulSet(s.input, g, s.shapeOf(g)) //nolint:wrapcheck // it names the group
	}
	config, err := s.configOf(g)
	if err != nil {
		return nil, err
	}
	kept, err := cluster.KeptStatefulSet(s.input, g, set, config)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the object
	}
	s.followProof(kept, g)
	return kept, nil
}
