package virtualcluster

import (
	"net/http"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
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

// TestTruthWhileRefusing: the host's API server that fails to judge what is to be
// written does not keep a cluster ready whose nodes are gone.
func TestTruthWhileRefusing(t *testing.T) {
	cases := map[string]struct {
		reason string
		fails  func(*http.Request) bool
		change func(*v1alpha1.VirtualClusterSpec)
	}{
		"Rehearsal": {
			"A webhook for pods does not answer.",
			func(r *http.Request) bool {
				return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/pods")
			},
			func(*v1alpha1.VirtualClusterSpec) {},
		},
		"Apply": {
			"A webhook for StatefulSets does not.",
			func(r *http.Request) bool {
				return r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/statefulsets/dev-b")
			},
			func(s *v1alpha1.VirtualClusterSpec) { s.Pools = append(s.Pools, v1alpha1.Pool{Name: "b"}) },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.newCluster("dev")
			w.immortal("dev")
			w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
			w.change("dev", tc.change)
			w.kill("dev-server-0")
			w.count.fail = func(r *http.Request) error {
				if tc.fails(r) {
					return apierrors.NewInternalError(envtest.ErrDead)
				}
				return nil
			}
			w.r = New(w.opts)
			for range 2 {
				if _, err := w.try("dev"); err == nil {
					t.Errorf("%s\nThe error was swallowed", tc.reason)
				}
				if c := conditionOf(w.vc("dev"), v1alpha1.ConditionReady); c.Status != no {
					t.Errorf("%s\nReady is %s/%s (%s) without a server", tc.reason, c.Status, c.Reason, c.Message)
				}
				w.expect("dev", v1alpha1.ConditionControlPlaneReady, no, v1alpha1.ReasonProgressing)
			}
			w.count.fail = nil
			w.immortal("dev")
			w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
			w.witness.testify()
		})
	}
}

// TestFlaw: what is wrong with an object of ours, and no request can mend, is
// said of a cluster that is ready too.
func TestFlaw(t *testing.T) {
	w := newWorld(t)
	w.formerCluster()
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	cm := &corev1.ConfigMap{}
	w.get("dev-server", cm)
	cm.Data = map[string]string{"node.yaml": ""}
	if err := w.client.Update(t.Context(), cm); err != nil {
		t.Fatal(err)
	}
	if _, err := w.try("dev"); err == nil {
		t.Error("the error was swallowed")
	}
	c := w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonFailed)
	if !strings.Contains(c.Message, "delete it") {
		t.Errorf("the message does not name the way out: %s", c.Message)
	}
	w.delete("dev-server", &corev1.ConfigMap{})
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
}
