package virtualcluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// observeClaims reads the volumes that stand where a StatefulSet is going to
// make some: it would adopt them, whoever they belong to, and delete them with
// the cluster. The cache knows only those with our labels, so the API server is
// asked, but only while there is a node to be made, or one to explain.
func (r *Reconciler) observeClaims(ctx context.Context, s *Scope) error {
	var wanted []string
	for _, g := range s.groups() {
		wanted = append(wanted, s.newClaims(g)...)
	}
	if len(wanted) == 0 && !s.waking() && !slices.ContainsFunc(s.pods, isUnschedulable) {
		return nil
	}
	var claims corev1.PersistentVolumeClaimList
	if err := r.live.List(ctx, &claims, client.InNamespace(s.vc.Namespace)); err != nil {
		return fmt.Errorf("list PersistentVolumeClaims: %w", err)
	}
	s.claims = map[string]*corev1.PersistentVolumeClaim{}
	for i := range claims.Items {
		s.claims[claims.Items[i].Name] = &claims.Items[i]
	}
	return nil
}

// observeAdopted looks for volumes of the servers that came from elsewhere: their
// StatefulSet has to take them along, or nothing would. The cache will do, as the
// StatefulSet is put right whenever one comes or goes.
func (r *Reconciler) observeAdopted(ctx context.Context, s *Scope) error {
	g := cluster.Servers(s.vc.Spec)
	for i := int32(0); i < g.Replicas && !g.Ephemeral(); i++ {
		c := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"}}
		key := client.ObjectKey{Namespace: s.vc.Namespace, Name: cluster.StateClaimName(s.vc.Name, g.Name, i)}
		err := r.client.Get(ctx, key, c)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("get PersistentVolumeClaim %q: %w", key.Name, err)
		}
		s.adopted = s.adopted || s.hasLabels(g, c) && !s.isOwn(c)
	}
	return nil
}

// newClaims names the volumes that the StatefulSet of a group does not have yet
// and is going to make. One that is paused makes none.
func (s *Scope) newClaims(g cluster.Group) []string {
	first := int32(0)
	if set := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]; set != nil {
		if s.paused() {
			return nil
		}
		first = ptr.Deref(set.Spec.Replicas, 1)
	}
	var out []string
	for i := first; i < g.Replicas && !g.Ephemeral(); i++ {
		out = append(out, cluster.StateClaimName(s.vc.Name, g.Name, i))
	}
	return out
}

// spareVolumes lets nothing be made of a new cluster that has to stop at
// somebody else's volume anyway. What a running one is to grow by is looked at
// where that happens.
func spareVolumes(s *Scope) error {
	if s.children.statefulSets[cluster.GroupName(s.vc.Name, cluster.ServerGroup)] != nil {
		return nil
	}
	for _, g := range s.groups() {
		if stop := s.checkClaims(g); stop != nil {
			return stop
		}
	}
	return nil
}

// checkClaims keeps new nodes off volumes that are not theirs.
func (s *Scope) checkClaims(g cluster.Group) *stop {
	for _, name := range s.newClaims(g) {
		if c := s.claims[name]; c != nil {
			if stop := s.checkClaim(g, c); stop != nil {
				return stop
			}
		}
	}
	return nil
}

// checkClaim refuses a volume that somebody else made, and one of a former
// cluster of the same name: with that one's data and this one's identity, a
// node can only fail. Volumes with our labels that nothing else controls are the
// cluster's own if they name it as their owner, as those of servers do, or are
// younger: an orphaned StatefulSet leaves such ones.
func (s *Scope) checkClaim(g cluster.Group, c *corev1.PersistentVolumeClaim) *stop {
	const condition, reason = v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonNameConflict
	owner, own := metav1.GetControllerOf(c), s.isOwn(c)
	switch {
	case !s.hasLabels(g, c) || owner != nil && !s.isNode(g, owner):
		return stall(condition, reason,
			"PersistentVolumeClaim %q exists and is not of this cluster; it is left alone: delete it, or %s", c.Name, otherName(g)).again()
	case s.isLiving(owner):
		return nil
	case c.DeletionTimestamp != nil, len(c.OwnerReferences) > 0 && !own:
		return wait(condition, reason, "waiting for PersistentVolumeClaim %q of former nodes to be deleted", c.Name).again()
	case !own && c.CreationTimestamp.Before(&s.vc.CreationTimestamp):
		return stall(condition, reason,
			"PersistentVolumeClaim %q holds the data of a former cluster; delete it, or %s", c.Name, otherName(g)).again()
	case s.choiceOf(g.Name) != nil && g.Block != (modeOf(c) == corev1.PersistentVolumeBlock):
		return stall(condition, reason,
			"PersistentVolumeClaim %q of former nodes has volumeMode %s, which the runtime asked for now cannot use; delete it, which loses what it holds, or set the runtime back", c.Name, modeOf(c)).again()
	default:
		return nil
	}
}

// hasLabels says whether a volume has the labels of one of a group.
func (s *Scope) hasLabels(g cluster.Group, c client.Object) bool {
	return c.GetLabels()[v1alpha1.LabelCluster] == s.vc.Name && c.GetLabels()[v1alpha1.LabelPool] == g.Name
}

// isOwn says whether a volume names this very cluster as its owner, so that it
// lives as long.
func (s *Scope) isOwn(c client.Object) bool {
	return slices.ContainsFunc(c.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.UID == s.vc.UID })
}

// isNode says whether an owner has the name of a group's StatefulSet or of one
// of its pods, be it the one there is or a former one. StatefulSets hand the
// volumes of surplus pods to these.
func (s *Scope) isNode(g cluster.Group, owner *metav1.OwnerReference) bool {
	name := cluster.GroupName(s.vc.Name, g.Name)
	return owner.Kind == "StatefulSet" && owner.Name == name ||
		owner.Kind == "Pod" && strings.HasPrefix(owner.Name, name+"-")
}

// isLiving says whether an owner is one that the cluster has.
func (s *Scope) isLiving(owner *metav1.OwnerReference) bool {
	if owner == nil {
		return false
	}
	for _, p := range s.pods {
		if p.UID == owner.UID {
			return true
		}
	}
	for _, set := range s.children.statefulSets {
		if set.UID == owner.UID {
			return true
		}
	}
	return false
}

// otherName says how to get out of the way of a volume.
func otherName(g cluster.Group) string {
	if g.Name == cluster.ServerGroup {
		return "create the cluster under another name"
	}
	return fmt.Sprintf("give pool %q another name", g.Name)
}
