package harness

import (
	"context"
	"errors"
	"fmt"
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

// pod is one of a virtual cluster "dev" that is ready, before it is changed.
func pod(name string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{v1alpha1.LabelCluster: "dev"}},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
	for _, c := range change {
		c(p)
	}
	return p
}

// aWitness looks at a cluster, its pods on the host and its nodes inside, where
// the API does as funcs say.
func aWitness(t *testing.T, vc *v1alpha1.VirtualCluster, pods, nodes []client.Object, funcs interceptor.Funcs) *Witness {
	t.Helper()
	s, err := scheme()
	if err != nil {
		t.Fatal(err)
	}
	return &Witness{
		host:  &Host{Cluster: &Cluster{WithWatch: fake.NewClientBuilder().WithScheme(s).WithObjects(vc).WithObjects(pods...).Build()}},
		inner: &Cluster{WithWatch: fake.NewClientBuilder().WithScheme(s).WithObjects(nodes...).WithInterceptorFuncs(funcs).Build()},
		vc:    vc, leader: leads, since: map[string]time.Time{},
	}
}

// age makes all that is untrue untrue for a little longer than somebody is patient.
func (w *Witness) age(patience time.Duration) {
	for what := range w.since {
		w.since[what] = time.Now().Add(-patience - time.Second)
	}
}

// TestWitnessPods: a node whose pod is gone is missed long before the cluster
// inside finds out.
func TestWitnessPods(t *testing.T) {
	ending := func(p *corev1.Pod) {
		p.DeletionTimestamp, p.Finalizers = &metav1.Time{Time: time.Now()}, []string{"example.com/kept"}
	}
	unready := func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }
	foreign := func(p *corev1.Pod) { p.Labels = nil }
	cases := map[string]struct {
		reason string
		alone  bool
		pods   []client.Object
		led    bool
		lie    bool
	}{
		"Ready":   {"All is well.", false, []client.Object{pod("dev-server-0"), pod("dev-work-0")}, true, false},
		"Gone":    {"There is none.", false, []client.Object{pod("dev-server-0")}, true, true},
		"Ending":  {"It starts nothing more.", false, []client.Object{pod("dev-server-0"), pod("dev-work-0", ending)}, true, true},
		"Unready": {"Its kubelet does not answer.", false, []client.Object{pod("dev-server-0"), pod("dev-work-0", unready)}, true, true},
		"Foreign": {"Somebody else's is none.", false, []client.Object{pod("dev-server-0"), pod("dev-work-0", foreign)}, true, true},
		"NotLed":  {"Nobody can write that, and who comes will.", false, []client.Object{pod("dev-server-0")}, false, false},
		"Alone":   {"A server that is no node is not missed as one.", true, []client.Object{pod("dev-work-0")}, true, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := VirtualCluster("default", "dev")
			vc.Spec.Pools = []v1alpha1.Pool{{Name: "work"}}
			vc.Status.Resolved = &v1alpha1.Resolved{ControlPlaneOnly: &tc.alone}
			meta.SetStatusCondition(&vc.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionNodesReady, Status: metav1.ConditionTrue})
			inside := []client.Object{node("server-0", corev1.ConditionTrue), node("work-0", corev1.ConditionTrue)}
			w := aWitness(t, vc, tc.pods, inside, interceptor.Funcs{})
			if !tc.led {
				w.leader = func(context.Context) (*corev1.Pod, error) { return nil, errors.New("the Lease is old") }
			}
			w.compare(t.Context())
			w.age(podPatience)
			w.compare(t.Context())
			if lies := w.Lies(); len(lies) > 0 != tc.lie || tc.lie && !strings.Contains(lies[0], "[work-0]") {
				t.Errorf("%s\naccused of %q", tc.reason, lies)
			}
		})
	}
}

func leads(context.Context) (*corev1.Pod, error) { return &corev1.Pod{}, nil }

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
			w := aWitness(t, vc, []client.Object{pod("dev-server-0"), pod("dev-work-0")}, tc.nodes, deaf)
			w.compare(t.Context())
			if lies := w.Lies(); len(lies) > 0 {
				t.Errorf("accused at once: %v", lies)
			}
			w.age(patience)
			w.compare(t.Context())
			if got := strings.Join(w.Lies(), "; "); tc.lie == "" && got != "" || !strings.Contains(got, tc.lie) {
				t.Errorf("%s\naccused of %q, want %q", tc.reason, got, tc.lie)
			}
		})
	}
}

// TestWitnessNodesInOrder: the same nodes are missed in the same words, so that
// nobody is accused of one thing twice.
func TestWitnessNodesInOrder(t *testing.T) {
	vc := VirtualCluster("default", "dev")
	vc.Spec.Pools = []v1alpha1.Pool{{Name: "work", Replicas: ptr.To[int32](8)}}
	w := aWitness(t, vc, nil, nil, interceptor.Funcs{})
	want := []string{`node "server-0" is not, inside`}
	for i := range 8 {
		want = append(want, fmt.Sprintf(`node "work-%d" is not, inside`, i))
	}
	if got := w.missing(t.Context(), vc); got == nil || got.Error() != strings.Join(want, "\n") {
		t.Errorf("missing(): %v, want %q", got, want)
	}
}
