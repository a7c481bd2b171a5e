package e2e

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// Deleting a cluster removes everything of it, whatever state it is in.
func testDeletion(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	for name, tc := range map[string]struct {
		reason string
		spec   func(*v1alpha1.VirtualClusterSpec)
		// before brings the cluster into the state in which it is deleted.
		before func(*scene, *v1alpha1.VirtualCluster)
	}{
		"Running": {
			reason: "Its API serves.",
			before: func(s *scene, vc *v1alpha1.VirtualCluster) {
				s.condition(vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionTrue, "")
				var claim corev1.PersistentVolumeClaim
				s.must(s.host.Get(s.ctx, client.ObjectKey{Namespace: vc.Namespace, Name: cluster.StateClaimName(vc.Name, cluster.ServerGroup, 0)}, &claim))
				s.ownedByCluster(&claim, vc)
			},
		},
		"AtOnce": {
			reason: "The controller may not even have seen it.",
			before: func(*scene, *v1alpha1.VirtualCluster) {},
		},
		"VolumeMade": {
			reason: "Its volume has just been made, and belongs to nobody but the cluster.",
			before: (*scene).volumeMade,
		},
		"NeverBooted": {
			reason: "Its image does not exist, so there was never a node.",
			spec:   missingImage,
			before: func(s *scene, vc *v1alpha1.VirtualCluster) {
				s.condition(vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed)
			},
		},
		"IdentityGone": {
			reason: "Somebody deleted the Secret without which nothing can go on.",
			spec:   missingImage,
			before: func(s *scene, vc *v1alpha1.VirtualCluster) {
				s.condition(vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed)
				s.must(s.host.Delete(s.ctx, secret(vc, cluster.IdentitySecretName(vc.Name))))
				s.condition(vc, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonIdentityLost)
			},
		},
		"JoinGone": {
			reason: "Somebody deleted a Secret that is made anew, and the cluster right after it.",
			spec:   missingImage,
			before: func(s *scene, vc *v1alpha1.VirtualCluster) {
				s.condition(vc, v1alpha1.ConditionKubeconfigReady, metav1.ConditionTrue, "")
				s.must(s.host.Delete(s.ctx, secret(vc, cluster.JoinSecretName(vc.Name))))
				s.must(s.host.Delete(s.ctx, secret(vc, cluster.KubeconfigSecretName(vc.Name))))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			t.Cleanup(s.diagnose)
			vc := s.create("del-"+lower(name), tc.spec)
			tc.before(s, vc)
			s.must(s.host.Delete(s.ctx, vc))
			if err := s.host.AwaitNothing(s.within(stepTimeout), vc.Namespace, vc.Name); err != nil {
				left, _ := s.host.Inventory(s.within(stepTimeout), vc.Namespace, vc.Name)
				t.Errorf("%s\nleft behind: %s: %v", tc.reason, harness.Describe(left), err)
			}
		})
	}
}

// volumeMade waits for the first version of the volume of a server. Nobody has to
// write onto it whose it is: the scheduler does, where it goes, and one of the two
// would lose.
func (s *scene) volumeMade(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	claims, err := s.host.Watch(s.within(stepTimeout), &corev1.PersistentVolumeClaimList{},
		client.InNamespace(vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: vc.Name},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: vc.ResourceVersion}})
	s.must(err)
	defer claims.Stop()
	event, open := <-claims.ResultChan()
	if !open {
		s.Fatalf("no volume of %q was made in %s", vc.Name, stepTimeout)
	}
	claim, ok := event.Object.(*corev1.PersistentVolumeClaim)
	if !ok {
		s.Fatalf("watch the volumes of %q: %v", vc.Name, event.Object)
	}
	s.ownedByCluster(claim, vc)
}

// ownedByCluster checks that the volume of a server goes with its cluster, and
// with nothing else.
func (s *scene) ownedByCluster(claim *corev1.PersistentVolumeClaim, vc *v1alpha1.VirtualCluster) {
	s.Helper()
	if owners := claim.OwnerReferences; len(owners) != 1 || owners[0].UID != vc.UID || owners[0].Controller != nil {
		s.Errorf("volume %q has the owners %+v, want the cluster alone, and as no controller", claim.Name, owners)
	}
}

// Deleting a namespace takes the clusters in it along.
func testNamespaceDeletion(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	vc := s.create("doomed")
	stuck := s.create("stuck", missingImage)
	s.condition(vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionTrue, "")
	s.condition(stuck, v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed)
	volumes, err := s.host.Inventory(s.ctx, s.namespace, vc.Name)
	s.must(err)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	s.must(s.host.Delete(s.ctx, namespace))
	s.must(harness.AwaitGone(s.within(stepTimeout), s.host.Cluster, namespace))
	for _, o := range volumes {
		if o.GetNamespace() == "" {
			s.must(harness.AwaitGone(s.within(stepTimeout), s.host.Cluster, o))
		}
	}
}

func secret(vc *v1alpha1.VirtualCluster, name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: vc.Namespace, Name: name}}
}

// condition waits for a condition of a cluster that has all of the words in its
// message.
func (s *scene) condition(vc *v1alpha1.VirtualCluster, name string, status metav1.ConditionStatus, reason string, words ...string) *v1alpha1.VirtualCluster {
	s.Helper()
	vc, err := s.host.AwaitCondition(s.within(bootTimeout), vc, name, status, reason, words...)
	s.must(err)
	return vc
}

// missingVersion is in the catalogue, with an image that is nowhere.
const missingVersion = "v0.0.1"

// k8sOnlyVersion is in the catalogue for one distro.
const k8sOnlyVersion = "v0.0.2"

var missingRef = fmt.Sprintf("localhost/vclusterctl/missing:%s", missingVersion)

func missingImage(spec *v1alpha1.VirtualClusterSpec) { spec.Version = missingVersion }
