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
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// TestWitnessKubeconfig: what is said of the kubeconfig is held against what the
// one in the Secret is good for.
func TestWitnessKubeconfig(t *testing.T) {
	const yes, no = metav1.ConditionTrue, metav1.ConditionFalse
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: cluster.KubeconfigSecretName("dev")},
		Data:       map[string][]byte{cluster.KeyKubeconfigValue: []byte("a kubeconfig")},
	}
	cases := map[string]struct {
		reason  string
		says    metav1.ConditionStatus
		objects []client.Object
		refused error // to who has the kubeconfig
		deaf    bool  // nobody is answered
		led     bool
		lie     string
	}{
		"True":    {"It works.", yes, []client.Object{secret}, nil, false, true, ""},
		"Refused": {"It is of another cluster.", yes, []client.Object{secret}, errors.New("who are you"), false, true, "KubeconfigReady is True and the kubeconfig in the Secret does not lead to the API (who are you)"},
		"Gone":    {"There is none.", yes, nil, nil, false, true, "KubeconfigReady is True"},
		"NotLed":  {"Nobody can write that, and who comes will.", yes, nil, nil, false, false, ""},
		"Deaf":    {"The API is away, and so is the proof.", yes, []client.Object{secret}, errors.New("no answer"), true, true, ""},
		"Denied":  {"It works all the same.", no, []client.Object{secret}, nil, false, true, "KubeconfigReady is False and the kubeconfig in the Secret leads to the API: none yet"},
		"False":   {"There is none, and it is said.", no, nil, nil, false, true, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := VirtualCluster("default", "dev")
			meta.SetStatusCondition(&vc.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionKubeconfigReady, Status: tc.says, Message: "none yet"})
			answer := func(err error) interceptor.Funcs {
				return interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					if err != nil {
						return err
					}
					return c.List(ctx, list, opts...)
				}}
			}
			var silence error
			if tc.deaf {
				silence = errors.New("no answer")
			}
			w := aWitness(t, vc, tc.objects, nil, answer(silence))
			w.connect = func([]byte) (*Cluster, error) {
				return aWitness(t, vc, nil, nil, answer(tc.refused)).inner, nil
			}
			if !tc.led {
				w.leader = func(context.Context) (*corev1.Pod, error) { return nil, errors.New("the Lease is old") }
			}
			w.twice(t, patience)
			if got := strings.Join(w.Lies(), "; "); (tc.lie == "") != (got == "") || !strings.Contains(got, tc.lie) {
				t.Errorf("%s\naccused of %q, want %q", tc.reason, got, tc.lie)
			}
		})
	}
}

// twice compares now and once somebody's patience is at its end.
func (w *Witness) twice(t *testing.T, patience time.Duration) {
	t.Helper()
	w.compare(t.Context())
	if lies := w.Lies(); len(lies) > 0 {
		t.Errorf("accused at once: %v", lies)
	}
	w.age(patience)
	w.compare(t.Context())
}

// TestWitnessDenial: who says that nodes are still to come is held against the
// nodes that are there, once their kubelets must have spoken.
func TestWitnessDenial(t *testing.T) {
	inside, pods := []client.Object{node("server-0", corev1.ConditionTrue)}, []client.Object{pod("dev-server-0")}
	cases := map[string]struct {
		reason string
		why    string
		about  int64 // the generation, which is 2
		pods   []client.Object
		inside []client.Object
		led    bool
		after  time.Duration
		lie    bool
	}{
		"Booting":  {"It is there for all to see.", v1alpha1.ReasonBooting, 2, pods, inside, true, spokenPatience, true},
		"Soon":     {"Its kubelet may not have spoken.", v1alpha1.ReasonBooting, 2, pods, inside, true, patience, false},
		"Problem":  {"A volume that is full can't be seen from here.", v1alpha1.ReasonNodeProblem, 2, pods, inside, true, spokenPatience, false},
		"Earlier":  {"It is about another spec.", v1alpha1.ReasonBooting, 1, pods, inside, true, spokenPatience, false},
		"NotReady": {"The node is not Ready.", v1alpha1.ReasonBooting, 2, pods, []client.Object{node("server-0", corev1.ConditionFalse)}, true, spokenPatience, false},
		"NoPod":    {"Nor is its pod.", v1alpha1.ReasonBooting, 2, nil, inside, true, spokenPatience, false},
		"NotLed":   {"Nobody can write that.", v1alpha1.ReasonBooting, 2, pods, inside, false, spokenPatience, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := VirtualCluster("default", "dev")
			vc.Generation = 2
			meta.SetStatusCondition(&vc.Status.Conditions, metav1.Condition{
				Type: v1alpha1.ConditionNodesReady, Status: metav1.ConditionFalse, Reason: tc.why, ObservedGeneration: tc.about,
			})
			w := aWitness(t, vc, tc.pods, tc.inside, interceptor.Funcs{})
			if !tc.led {
				w.leader = func(context.Context) (*corev1.Pod, error) { return nil, errors.New("the Lease is old") }
			}
			w.twice(t, tc.after)
			if lies := w.Lies(); len(lies) > 0 != tc.lie {
				t.Errorf("%s\naccused of %q", tc.reason, lies)
			}
		})
	}
}
