package virtualcluster

import (
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// waking says whether a group is about to be resumed.
func (s *Scope) waking() bool {
	for _, set := range s.children.statefulSets {
		if !s.paused() && cluster.IsPaused(set) {
			return true
		}
	}
	return false
}

// dropSurplus deletes the volumes of nodes that a pool lost while it was paused.
// A StatefulSet deletes those of pods that it scales away, and these had none.
// It happens before the pool runs again, because until then the pool itself
// says that it is still to be done. Those of servers hold the cluster: they are
// nobody's to delete.
func (s *Scope) dropSurplus(g cluster.Group, set *appsv1.StatefulSet) *stop {
	if set == nil || g.Name == cluster.ServerGroup || !cluster.IsPaused(set) || ptr.Deref(set.Spec.Replicas, 1) != 0 {
		return nil
	}
	var names []string
	for _, name := range sortedKeys(s.claims) {
		c := s.claims[name]
		if !s.isSurplus(g, set, c) {
			continue
		}
		names = append(names, name)
		if c.DeletionTimestamp == nil {
			s.plan.remove(claimToDelete(c))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return wait(v1alpha1.ConditionNodesReady, v1alpha1.ReasonProgressing,
		"deleting the volumes of nodes that pool %q lost while it was paused: %s", g.Name, list(names))
}

// isSurplus says whether a volume belongs to a node that a group no longer has.
func (s *Scope) isSurplus(g cluster.Group, set *appsv1.StatefulSet, c *corev1.PersistentVolumeClaim) bool {
	prefix := strings.TrimSuffix(cluster.StateClaimName(s.vc.Name, g.Name, 0), "0")
	suffix, ours := strings.CutPrefix(c.Name, prefix)
	ordinal, err := strconv.ParseInt(suffix, 10, 32)
	return ours && err == nil && int32(ordinal) >= g.Replicas &&
		c.Labels[v1alpha1.LabelCluster] == s.vc.Name && c.Labels[v1alpha1.LabelPool] == g.Name &&
		slices.ContainsFunc(c.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == set.UID })
}

// claimToDelete is all that deleting a volume takes: of these the cache holds
// the metadata only.
func claimToDelete(c *corev1.PersistentVolumeClaim) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: c.Name, UID: c.UID},
	}
}
