package virtualcluster

import (
	"maps"
	"strings"

	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// followProof has pods of an older template select the nodes that new ones would.
// What a node has proven is no part of a template: probes may have been off when it
// was made, or be off now, when a node that comes gets no label; and a pool that
// takes after servers without pods would go where no pods run inside.
func (s *Scope) followProof(set *appsv1ac.StatefulSetApplyConfiguration, g cluster.Group) {
	c, pod := s.choiceOf(g.Name), set.Spec.Template.Spec
	if c == nil || c.stop != nil || pod.RuntimeClassName == nil || *pod.RuntimeClassName != c.shape.RuntimeClassName {
		return // of another runtime nothing is known here
	}
	maps.DeleteFunc(pod.NodeSelector, func(key, _ string) bool {
		_, asked := g.Scheduling.NodeSelector[key]
		return isProof(key) && !asked
	})
	for key, value := range c.shape.NodeSelector {
		if isProof(key) {
			pod.WithNodeSelector(map[string]string{key: value})
		}
	}
	if len(pod.NodeSelector) == 0 {
		pod.NodeSelector = nil
	}
}

// isProof says whether a label of a node tells that a probe passed there.
func isProof(key string) bool { return strings.HasPrefix(key, v1alpha1.NodeLabelProvenPrefix) }
