package virtualcluster

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// claimOf makes a volume as the StatefulSet controller would.
func (w *world) claimOf(group, name string) *corev1.PersistentVolumeClaim {
	w.t.Helper()
	set := w.set(group)
	c := set.Spec.VolumeClaimTemplates[0].DeepCopy()
	c.Namespace, c.Name, c.Status = w.ns, name, corev1.PersistentVolumeClaimStatus{}
	if set.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted == appsv1.DeletePersistentVolumeClaimRetentionPolicyType {
		c.OwnerReferences = append(c.OwnerReferences, *metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet")))
	}
	w.create(c)
	return c
}

// unprotect lets a volume go, as the controller that protects those in use does.
func (w *world) unprotect(name string) {
	w.t.Helper()
	c := &corev1.PersistentVolumeClaim{}
	if !w.exists(name, c) || len(c.Finalizers) == 0 {
		return
	}
	c.Finalizers = nil
	if err := w.client.Update(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
}

// TestPauseKeepsVolumes: a pool that was made smaller while it was paused loses
// the volumes of the nodes that it lost, when it is resumed; and nobody else
// does.
func TestPauseKeepsVolumes(t *testing.T) {
	t.Run("Smaller", func(t *testing.T) {
		shrinkPaused(t, 1, []string{"state-dev-server-0", "state-dev-a-0", "state-dev-a-10x"}, []string{"state-dev-a-1", "state-dev-a-2"})
	})
	t.Run("Empty", func(t *testing.T) {
		shrinkPaused(t, 0, []string{"state-dev-server-0"}, []string{"state-dev-a-0", "state-dev-a-1", "state-dev-a-2"})
	})
}

// shrinkPaused makes a pool of three smaller while it is paused.
func shrinkPaused(t *testing.T, replicas int32, kept, surplus []string) {
	t.Helper()
	w := newWorld(t)
	w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) {
		vc.Spec.Pools = []v1alpha1.Pool{{Name: "a", Replicas: ptr.To[int32](3)}}
	})
	w.immortal("dev")
	w.claimOf("server", kept[0])
	for _, name := range slices.Concat(kept[1:], surplus) {
		w.claimOf("a", name)
	}
	w.change("dev", pause)
	w.immortal("dev")
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { s.Pools[0].Replicas = ptr.To(replicas) })
	w.immortal("dev")
	for _, name := range slices.Concat(kept, surplus) {
		if c := (&corev1.PersistentVolumeClaim{}); !w.exists(name, c) || c.DeletionTimestamp != nil {
			t.Errorf("volume %q went while the cluster was paused", name)
		}
	}

	w.change("dev", resume)
	for n := 1; n <= 3; n++ { // whatever is interrupted
		w.live(w.start(&mortal{last: n}), "dev")
	}
	w.immortal("dev")
	if n := *w.set("a").Spec.Replicas; n != 0 {
		t.Errorf("%d nodes of the pool run although volumes are still to go", n)
	}
	for _, name := range surplus {
		w.unprotect(name)
	}
	w.immortal("dev")
	for _, name := range surplus {
		if w.exists(name, &corev1.PersistentVolumeClaim{}) {
			t.Errorf("volume %q of a node that is not wanted is still there", name)
		}
	}
	for _, name := range kept {
		c := &corev1.PersistentVolumeClaim{}
		if !w.exists(name, c) || c.DeletionTimestamp != nil {
			t.Errorf("volume %q was deleted", name)
		}
	}
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.witness.testify()
}
