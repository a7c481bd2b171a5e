package virtualcluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// observeClaims reads which volumes the nodes of the cluster have.
func (r *Reconciler) observeClaims(ctx context.Context, s *Scope) error {
	claims := &metav1.PartialObjectMetadataList{}
	claims.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaimList"))
	if err := r.client.List(ctx, claims, client.InNamespace(s.vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: s.vc.Name}); err != nil {
		return fmt.Errorf("list PersistentVolumeClaims: %w", err)
	}
	s.claims = claims.Items
	return nil
}

// checkClaims keeps a new StatefulSet off the volumes of a former cluster of the
// same name: with that one's data and this one's identity, a node can only
// fail. Volumes younger than the cluster are its own.
func (s *Scope) checkClaims(g cluster.Group) *stop {
	for _, c := range s.claims {
		former := c.CreationTimestamp.Before(&s.vc.CreationTimestamp)
		switch {
		case c.Labels[v1alpha1.LabelPool] != g.Name:
		case c.DeletionTimestamp != nil, former && len(c.OwnerReferences) > 0:
			return wait(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonNameConflict,
				"waiting for PersistentVolumeClaim %q of a former cluster to be deleted", c.Name)
		case former:
			return stall(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonNameConflict,
				"PersistentVolumeClaim %q holds the data of a former cluster; delete it, or create the cluster under another name", c.Name)
		}
	}
	return nil
}
