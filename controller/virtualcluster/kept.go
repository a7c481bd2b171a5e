package virtualcluster

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// keeps says whether a group keeps the shape it has: because the cluster was
// made from another template than this controller makes, or because there is no
// runtime that would give it one.
func (s *Scope) keeps() bool {
	return s.runtimeStop != nil || cluster.IsKept(s.vc.Status.Resolved.TemplateRevision)
}

// model is what a group takes its shape from: its own StatefulSet and
// configuration, or those of a pool, or of the servers. There is none in a
// cluster without nodes.
func (s *Scope) model(g cluster.Group) (*appsv1.StatefulSet, *corev1.ConfigMap) {
	candidates := []string{g.Name}
	for _, other := range cluster.Pools(s.vc.Spec) {
		candidates = append(candidates, other.Name)
	}
	for _, name := range append(candidates, cluster.ServerGroup) {
		name = cluster.GroupName(s.vc.Name, name)
		set, config := s.children.statefulSets[name], s.children.configMaps[name]
		if set != nil && config != nil && set.DeletionTimestamp == nil {
			return set, config
		}
	}
	return nil, nil
}

// configOf is the configuration of the nodes of a group.
func (s *Scope) configOf(g cluster.Group) (*corev1ac.ConfigMapApplyConfiguration, error) {
	if _, model := s.model(g); model != nil && cluster.IsKept(s.vc.Status.Resolved.TemplateRevision) {
		return cluster.KeptConfigMap(s.input, g, model) //nolint:wrapcheck // it names the object
	}
	return cluster.ConfigMap(s.input, g) //nolint:wrapcheck // it names the group
}

// setOf is the StatefulSet of a group.
func (s *Scope) setOf(g cluster.Group) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	set, _ := s.model(g)
	if set == nil || !s.keeps() {
		return cluster.StatefulSet(s.input, g, s.shape) //nolint:wrapcheck // it names the group
	}
	config, err := s.configOf(g)
	if err != nil {
		return nil, err
	}
	return cluster.KeptStatefulSet(s.input, g, set, config) //nolint:wrapcheck // it names the object
}
