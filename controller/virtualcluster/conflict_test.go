package virtualcluster

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestNameConflict: an object of one of our names that is not ours stays as it
// is, whatever it is, and whatever labels it wears.
func TestNameConflict(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.LabelCluster: "dev"}}
	}
	labels := map[string]string{"a": "b"}
	cases := map[string]client.Object{
		"Service":            &corev1.Service{ObjectMeta: meta("dev-api"), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
		"ServiceWithoutMark": &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "dev-nodes"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
		"Secret":             &corev1.Secret{ObjectMeta: meta("dev-identity")},
		"Kubeconfig":         &corev1.Secret{ObjectMeta: meta("dev-kubeconfig")},
		"ConfigMap":          &corev1.ConfigMap{ObjectMeta: meta("dev-server")},
		"NetworkPolicy":      &networkingv1.NetworkPolicy{ObjectMeta: meta("dev-nodes")},
		"StatefulSet": &appsv1.StatefulSet{ObjectMeta: meta("dev-server"), Spec: appsv1.StatefulSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "b"}}}},
		}},
	}
	for name, obj := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			obj.SetNamespace(w.ns)
			w.create(obj)
			version := obj.GetResourceVersion()
			w.newCluster("dev")

			if result := w.reconcile("dev"); result.RequeueAfter == 0 {
				t.Error("nothing will look again when the object is gone")
			}
			c := w.expect("dev", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonNameConflict)
			if !strings.Contains(c.Message, obj.GetName()) || !strings.Contains(c.Message, kindOfObject(obj)) {
				t.Errorf("the message does not name the object: %s", c.Message)
			}
			w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
			if w.get(obj.GetName(), obj); obj.GetResourceVersion() != version {
				t.Error("the foreign object was changed")
			}
			if n := len(w.owned("dev")); n > 1 {
				t.Errorf("%d objects were made beside the foreign one", n-1)
			}
			if err := w.client.Delete(t.Context(), obj); err != nil {
				t.Fatal(err)
			}
			w.settle("dev")
			w.expect("dev", v1alpha1.ConditionKubeconfigReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		})
	}
}

// TestFormerCluster: the objects of a deleted cluster of the same name are
// waited for, not fought over.
func TestFormerCluster(t *testing.T) {
	w := newWorld(t)
	old := w.newCluster("dev")
	w.settle("dev")
	if err := w.client.Delete(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	w.newCluster("dev")
	w.reconcile("dev")
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
	if meta := w.vc("dev").Status; meta.IdentityFingerprint != "" {
		t.Error("the new cluster took over the identity of the former one")
	}
	for _, obj := range w.owned("dev") {
		if err := w.client.Delete(t.Context(), obj); err != nil {
			t.Fatal(err)
		}
	}
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionKubeconfigReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

// TestFormerVolume: a volume with another cluster's data is never given to a
// new one; one that is the cluster's own is no obstacle.
func TestFormerVolume(t *testing.T) {
	claim := func(owners ...metav1.OwnerReference) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{
				Name: "state-dev-server-0", OwnerReferences: owners,
				Labels: map[string]string{v1alpha1.LabelCluster: "dev", v1alpha1.LabelPool: "server"},
			},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity("1Gi")}},
			},
		}
	}
	set := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "dev-server", UID: "gone", Controller: ptr.To(true)}
	former := metav1.OwnerReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.VirtualClusterKind, Name: "dev", UID: "gone"}
	cases := map[string]struct {
		reason string
		claim  *corev1.PersistentVolumeClaim
		kept   metav1.ConditionStatus // of Stalled
	}{
		"Leaving": {reason: "Garbage collection is going to delete it.", claim: claim(set), kept: metav1.ConditionFalse},
		"Owned":   {reason: "It goes with the former cluster that it names.", claim: claim(former), kept: metav1.ConditionFalse},
		"Kept":    {reason: "Somebody has to decide.", claim: claim(), kept: metav1.ConditionTrue},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tc.claim.Namespace = w.ns
			w.create(tc.claim)
			<-time.After(time.Until(tc.claim.CreationTimestamp.Add(1100 * time.Millisecond))) // times of objects are in seconds
			w.newCluster("dev")
			w.settle("dev")
			w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
			if tc.kept == metav1.ConditionTrue {
				w.expect("dev", v1alpha1.ConditionStalled, tc.kept, v1alpha1.ReasonNameConflict)
			}
			if w.exists("dev-server", &appsv1.StatefulSet{}) {
				t.Errorf("%s\nThe servers were started on the former cluster's volume", tc.reason)
			}
		})
	}
	t.Run("Own", func(t *testing.T) {
		w := newWorld(t)
		w.newCluster("dev")
		own := claim()
		own.Namespace = w.ns
		w.create(own)
		w.settle("dev")
		if !w.exists("dev-server", &appsv1.StatefulSet{}) {
			t.Error("a cluster is kept off its own volume")
		}
	})
}
