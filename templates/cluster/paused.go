package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

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
	out.Spec.WithReplicas(0).WithPersistentVolumeClaimRetentionPolicy(retention(appsv1.RetainPersistentVolumeClaimRetentionPolicyType))
	return out, nil
}

// IsPaused says whether a StatefulSet was paused and not resumed since.
func IsPaused(set *appsv1.StatefulSet) bool {
	policy := set.Spec.PersistentVolumeClaimRetentionPolicy
	return policy != nil && policy.WhenScaled == appsv1.RetainPersistentVolumeClaimRetentionPolicyType
}

// retention says what becomes of the volumes of pods that are no longer wanted.
// Those of a StatefulSet that is deleted always go with it.
func retention(scaled appsv1.PersistentVolumeClaimRetentionPolicyType) *appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicyApplyConfiguration {
	return appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicy().
		WithWhenDeleted(appsv1.DeletePersistentVolumeClaimRetentionPolicyType).
		WithWhenScaled(scaled)
}
