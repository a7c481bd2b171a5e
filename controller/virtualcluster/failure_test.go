package virtualcluster

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestNamespaceLeaving: a cluster that goes with its namespace goes quietly,
// whatever the API server still refuses to make there.
func TestNamespaceLeaving(t *testing.T) {
	cases := map[string]struct {
		reason string
		before func(*world)
	}{
		"New": {"Nothing can be made.", func(*world) {}},
		"Pod": {"The rehearsal is refused, but not the pod.", func(w *world) {
			w.settle("dev")
			w.delete("dev-server", &appsv1.StatefulSet{})
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.newCluster("dev")
			tc.before(w)
			if err := w.client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.ns}}); err != nil {
				t.Fatal(err)
			}
			before := w.vc("dev")
			w.r = New(w.opts) // which remembers no rehearsal
			if _, err := w.try("dev"); err != nil {
				t.Errorf("%s\nReconcile() = %v", tc.reason, err)
			}
			for _, c := range w.vc("dev").Status.Conditions {
				if c.Reason == v1alpha1.ReasonPodRejected || c.Reason == v1alpha1.ReasonFailed {
					t.Errorf("%s\n%s is %s: %s", tc.reason, c.Type, c.Reason, c.Message)
				}
			}
			if got := w.vc("dev").ResourceVersion; got != before.ResourceVersion {
				t.Errorf("%s\nthe status was written", tc.reason)
			}
		})
	}
}
