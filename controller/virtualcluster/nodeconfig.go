package virtualcluster

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// configure hands every group of nodes its configuration.
func configure(s *Scope) error {
	for _, g := range s.groups() {
		config, err := s.configOf(g)
		if err != nil {
			return err
		}
		apply(&s.plan, s.children.configMaps[cluster.GroupName(s.vc.Name, g.Name)], config, corev1ac.ExtractConfigMap)
	}
	return nil
}
