package virtualcluster

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// groups are the servers and the pools of the cluster, with the kind of volume
// that each has or is to have.
func (s *Scope) groups() []cluster.Group {
	all := append([]cluster.Group{cluster.Servers(s.vc.Spec)}, cluster.Pools(s.vc.Spec)...)
	all[0].Adopted = s.adopted
	for i, g := range all {
		if c := s.choiceOf(g.Name); c != nil && c.stop == nil {
			all[i].Block = s.onBlock(g, c.knowledge)
		} else {
			all[i].Block = s.onBlock(g, profile.Knowledge{})
		}
	}
	return all
}

// onBlock says whether the volumes of a group are block devices: of one that is
// there nothing can change that, and a new one gets what its runtime needs.
func (s *Scope) onBlock(g cluster.Group, k profile.Knowledge) bool {
	if set := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]; set != nil {
		return hasBlock(set)
	}
	return k.BlockVolumes && !g.Ephemeral()
}

func hasBlock(set *appsv1.StatefulSet) bool {
	for _, claim := range set.Spec.VolumeClaimTemplates {
		if claim.Spec.VolumeMode != nil && *claim.Spec.VolumeMode == corev1.PersistentVolumeBlock {
			return true
		}
	}
	return false
}

// modeOf is the kind of a volume.
func modeOf(c *corev1.PersistentVolumeClaim) corev1.PersistentVolumeMode {
	if c.Spec.VolumeMode == nil {
		return corev1.PersistentVolumeFilesystem
	}
	return *c.Spec.VolumeMode
}
