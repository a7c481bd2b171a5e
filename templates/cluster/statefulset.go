package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// TemplateRevision names the shape that this package gives to node pods. It is
// pinned per cluster: a change that needs new pods gets a new revision, and
// clusters on an older one are outdated, not restarted. What it looks like under
// each revision is recorded in testdata.
const TemplateRevision = "1"

// defaultStateSize is the size of a state volume for which none is asked.
var defaultStateSize = resource.MustParse("10Gi")

// StatefulSet runs the nodes of a group. Everything that can't be changed later
// is set from the start: all pods at once, no pod replaced behind the user's
// back, volumes deleted with what they belong to. Only a pause keeps those of
// pods that are not there.
func StatefulSet(in Input, g Group, shape profile.PodShape) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	template, err := podTemplate(in, g, shape)
	if err != nil {
		return nil, err
	}
	spec := appsv1ac.StatefulSetSpec().
		WithServiceName(NodesServiceName(in.Name)).
		WithReplicas(g.Replicas).
		WithPodManagementPolicy(appsv1.ParallelPodManagement).
		WithUpdateStrategy(appsv1ac.StatefulSetUpdateStrategy().WithType(appsv1.OnDeleteStatefulSetStrategyType)).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(groupSelector(in.Name, g.Name, g.Role))).
		WithTemplate(template)
	if !g.Ephemeral() {
		spec.WithVolumeClaimTemplates(stateClaim(in, g))
	}
	spec.WithPersistentVolumeClaimRetentionPolicy(running(g, spec))
	return appsv1ac.StatefulSet(GroupName(in.Name, g.Name), in.Namespace).
		WithLabels(GroupLabels(in.Name, g.Name, g.Role)).
		WithOwnerReferences(in.owner()).
		WithSpec(spec), nil
}

// stateClaim spells out what the API server would default: claim templates are
// one atomic list, so a default in it would look like somebody else's change.
func stateClaim(in Input, g Group) *corev1ac.PersistentVolumeClaimApplyConfiguration {
	size := defaultStateSize
	if g.Storage.Size != nil {
		size = *g.Storage.Size
	}
	mode, access := corev1.PersistentVolumeFilesystem, corev1.ReadWriteOnce
	if g.Block {
		// Each pod mounts the device with a kernel of its own, and so could a pod
		// that was deleted by force, beside its successor on the same machine.
		mode, access = corev1.PersistentVolumeBlock, corev1.ReadWriteOncePod
	}
	spec := corev1ac.PersistentVolumeClaimSpec().
		WithAccessModes(access).
		WithVolumeMode(mode).
		WithResources(corev1ac.VolumeResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceStorage: size}))
	if g.Storage.ClassName != nil {
		spec.WithStorageClassName(*g.Storage.ClassName)
	}
	claim := corev1ac.PersistentVolumeClaim(volumeState, "").
		WithLabels(GroupLabels(in.Name, g.Name, g.Role)).
		WithSpec(spec).
		WithStatus(corev1ac.PersistentVolumeClaimStatus().WithPhase(corev1.ClaimPending))
	if g.Name == ServerGroup {
		claim.WithOwnerReferences(in.keeper())
	}
	claim.Namespace = nil
	claim.TypeMetaApplyConfiguration = metav1ac.TypeMetaApplyConfiguration{}
	return claim
}

// ExtractStatefulSet is what manager owns of a StatefulSet, in the form in
// which StatefulSet builds it. Some encodings fill in the type of claim
// templates and some don't.
func ExtractStatefulSet(set *appsv1.StatefulSet, manager string) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	out, err := appsv1ac.ExtractStatefulSet(set, manager)
	if err != nil {
		return nil, fmt.Errorf("extract StatefulSet %q: %w", set.Name, err)
	}
	if out.Spec != nil {
		for i := range out.Spec.VolumeClaimTemplates {
			out.Spec.VolumeClaimTemplates[i].TypeMetaApplyConfiguration = metav1ac.TypeMetaApplyConfiguration{}
		}
	}
	return out, nil
}
