package virtualcluster

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

const (
	outlive = appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	follow  = appsv1.DeletePersistentVolumeClaimRetentionPolicyType
)

// expectVolumes checks what becomes of the volumes of the servers when their
// StatefulSet is deleted, and when it has fewer pods. Nothing more is written.
func (w *world) expectVolumes(deleted, scaled appsv1.PersistentVolumeClaimRetentionPolicyType) {
	w.t.Helper()
	got := *w.set("server").Spec.PersistentVolumeClaimRetentionPolicy
	if want := (appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenDeleted: deleted, WhenScaled: scaled}); got != want {
		w.t.Errorf("volumes of the servers: got %+v, want %+v", got, want)
	}
	if more := w.immortal("dev"); more != 0 {
		w.t.Errorf("a cluster that nobody changes costs %d writes", more)
	}
}

// expectVolumesThroughPause checks that a pause keeps the volumes of pods that are
// not there, and changes nothing of what becomes of them with their StatefulSet.
func (w *world) expectVolumesThroughPause(deleted appsv1.PersistentVolumeClaimRetentionPolicyType) {
	w.t.Helper()
	w.expectVolumes(deleted, follow)
	w.change("dev", pause)
	w.immortal("dev")
	w.expectVolumes(deleted, outlive)
	w.change("dev", resume)
	w.immortal("dev")
	w.expectVolumes(deleted, follow)
}

// TestVolumeOfServers: the volume of a server is the cluster's from its first
// version on, so that its StatefulSet has nothing to write onto it and does not
// take it along.
func TestVolumeOfServers(t *testing.T) {
	w := newWorld(t)
	vc := w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.expectVolumes(outlive, follow)
	owners := w.set("server").Spec.VolumeClaimTemplates[0].OwnerReferences
	if len(owners) != 1 || owners[0].UID != vc.UID || owners[0].Controller != nil || owners[0].BlockOwnerDeletion != nil {
		t.Errorf("the volume of a server is made with the owners %+v", owners)
	}
	if owners := w.set("a").Spec.VolumeClaimTemplates[0].OwnerReferences; len(owners) > 0 {
		t.Errorf("the volume of a pool, which its StatefulSet deletes, is made with the owners %+v", owners)
	}

	w.expectVolumesThroughPause(outlive)
	w.witness.testify()
}

// TestServersDeletedByHand: the servers come back on the volume that they had.
func TestServersDeletedByHand(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	claim := w.claimOf("server", "state-dev-server-0")
	before := w.set("server").UID
	w.delete("dev-server", &appsv1.StatefulSet{})
	w.immortal("dev")
	if w.set("server").UID == before {
		t.Fatal("the StatefulSet was not made anew: this proves nothing")
	}
	after := &corev1.PersistentVolumeClaim{}
	if w.get(claim.Name, after); after.ResourceVersion != claim.ResourceVersion {
		t.Error("the volume was changed")
	}
	w.expectVolumes(outlive, follow)
}

// TestAdoptedVolume: a volume that the servers have from elsewhere says nothing of
// the cluster. It goes with their StatefulSet, as long as it is there.
func TestAdoptedVolume(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	name := "state-dev-server-0"
	w.create(&corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.ns, Name: name, Labels: map[string]string{v1alpha1.LabelCluster: "dev", v1alpha1.LabelPool: "server"},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity("1Gi")}},
		},
	})
	w.immortal("dev")
	w.expectVolumesThroughPause(follow)

	w.delete(name, &corev1.PersistentVolumeClaim{})
	w.unprotect(name)
	w.claimOf("server", name)
	w.immortal("dev")
	w.expectVolumes(outlive, follow)

	w.delete(name, &corev1.PersistentVolumeClaim{})
	w.unprotect(name)
	w.somebodysClaim(name)
	w.immortal("dev")
	w.expectVolumes(outlive, follow) // what is not labelled as ours is nobody's to take
}

// TestOlderVolumes: the volumes of an older cluster depend on its StatefulSet,
// whatever this controller would make.
func TestOlderVolumes(t *testing.T) {
	w := newWorld(t)
	w.formerCluster()
	set := w.set("server")
	older, err := cluster.ExtractStatefulSet(set, v1alpha1.FieldOwner)
	if err != nil {
		t.Fatal(err)
	}
	older.Spec.VolumeClaimTemplates[0].OwnerReferences = nil
	older.Spec.PersistentVolumeClaimRetentionPolicy.WithWhenDeleted(follow)
	older.UID = nil
	w.delete("dev-server", &appsv1.StatefulSet{})
	if err := w.client.Apply(t.Context(), older, client.FieldOwner(v1alpha1.FieldOwner)); err != nil {
		t.Fatal(err)
	}
	w.claimOf("server", "state-dev-server-0")
	w.immortal("dev")
	w.expectVolumesThroughPause(follow)
}
