package cluster

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// PausedStatefulSet is a StatefulSet as it is, with no pods and all its volumes.
// Nothing else of it changes, whatever made it: it needs neither a runtime nor
// a template to be stopped.
func PausedStatefulSet(set *appsv1.StatefulSet) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	out, err := ExtractStatefulSet(set, v1alpha1.FieldOwner)
	if err != nil {
		return nil, err
	}
	if out.Spec == nil { // nothing of it is ours any more: it was restored from a backup
		out.WithSpec(appsv1ac.StatefulSetSpec())
	}
	out.Spec.WithReplicas(0).WithPersistentVolumeClaimRetentionPolicy(pausing(set))
	return out, nil
}

// IsPaused says whether a StatefulSet was paused and not resumed since.
func IsPaused(set *appsv1.StatefulSet) bool {
	policy := set.Spec.PersistentVolumeClaimRetentionPolicy
	return policy != nil && policy.WhenScaled == appsv1.RetainPersistentVolumeClaimRetentionPolicyType
}

// running is the retention of volumes of a group that is not paused. Those of
// pods that are scaled away go. With the StatefulSet go those that are its own;
// those of servers say from their first moment that they are the cluster's, and
// it would have to write onto each, while the scheduler does, to change that.
func running(g Group, spec *appsv1ac.StatefulSetSpecApplyConfiguration) *appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicyApplyConfiguration {
	deleted := appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	if !g.Adopted && slices.ContainsFunc(spec.VolumeClaimTemplates, hasOwner) {
		deleted = appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	}
	return retention(deleted, appsv1.DeletePersistentVolumeClaimRetentionPolicyType)
}

// hasOwner says whether the volumes of a template say whose they are.
func hasOwner(claim corev1ac.PersistentVolumeClaimApplyConfiguration) bool {
	return claim.ObjectMetaApplyConfiguration != nil && len(claim.OwnerReferences) > 0
}

// pausing is the retention of volumes while a StatefulSet has no pods. What
// becomes of them with the StatefulSet stays as it is.
func pausing(set *appsv1.StatefulSet) *appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicyApplyConfiguration {
	deleted := appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	if policy := set.Spec.PersistentVolumeClaimRetentionPolicy; policy != nil {
		deleted = policy.WhenDeleted
	}
	return retention(deleted, appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
}

func retention(deleted, scaled appsv1.PersistentVolumeClaimRetentionPolicyType) *appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicyApplyConfiguration {
	return appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicy().
		WithWhenDeleted(deleted).
		WithWhenScaled(scaled)
}
