package harness

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// node is one inside a virtual cluster.
func node(name string, ready corev1.ConditionStatus) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}},
	}
}

// TestWitnessNodes: who says that all nodes are Ready is held against the nodes
// that are, for as long as news may take and no longer.
func TestWitnessNodes(t *testing.T) {
	const yes, no = metav1.ConditionTrue, metav1.ConditionFalse
	server, worker := node("server-0", corev1.ConditionTrue), node("work-0", corev1.ConditionTrue)
	cases := map[string]struct {
		reason string
		says   metav1.ConditionStatus
		about  int64 // the generation, which is 2
		nodes  []client.Object
		deaf   bool // the API inside does not answer
		lie    string
	}{
		"True":     {"All are there.", yes, 2, []client.Object{server, worker}, false, ""},
		"NotReady": {"One does not work.", yes, 2, []client.Object{server, node("work-0", corev1.ConditionUnknown)}, false, `NodesReady is True and node "work-0" is not`},
		"Missing":  {"One is not there.", yes, 2, []client.Object{worker}, false, `node "server-0" is not`},
		"Silent":   {"Nobody can have seen them.", yes, 2, []client.Object{server, worker}, true, "NodesReady is True and the nodes inside cannot be listed"},
		"Admitted": {"It says so.", no, 2, nil, false, ""},
		"Earlier":  {"It is about another spec.", yes, 1, []client.Object{server}, false, ""},
		"More":     {"Others may be there.", yes, 2, []client.Object{server, worker, node("own", corev1.ConditionFalse)}, false, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := scheme()
			if err != nil {
				t.Fatal(err)
			}
			vc := VirtualCluster("default", "dev")
			vc.Generation = 2
			vc.Spec.Pools = []v1alpha1.Pool{{Name: "work", Replicas: ptr.To[int32](1)}}
			meta.SetStatusCondition(&vc.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionNodesReady, Status: tc.says, ObservedGeneration: tc.about})
			deaf := interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				if tc.deaf {
					return errors.New("no answer")
				}
				return c.List(ctx, list, opts...)
			}}
			w := &Witness{
				host:  &Host{Cluster: &Cluster{WithWatch: fake.NewClientBuilder().WithScheme(s).WithObjects(vc).Build()}},
				inner: &Cluster{WithWatch: fake.NewClientBuilder().WithScheme(s).WithObjects(tc.nodes...).WithInterceptorFuncs(deaf).Build()},
				vc:    vc, since: map[string]time.Time{},
			}
			w.compare(t.Context())
			if lies := w.Lies(); len(lies) > 0 {
				t.Errorf("accused at once: %v", lies)
			}
			for what := range w.since {
				w.since[what] = time.Now().Add(-patience - time.Second)
			}
			w.compare(t.Context())
			if got := strings.Join(w.Lies(), "; "); tc.lie == "" && got != "" || !strings.Contains(got, tc.lie) {
				t.Errorf("%s\naccused of %q, want %q", tc.reason, got, tc.lie)
			}
		})
	}
}
