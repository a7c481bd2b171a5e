package virtualcluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestHostTrouble(t *testing.T) {
	lost := func(s *Scope) { s.nodes[0].Status.Conditions[0].Status = corev1.ConditionUnknown }
	gone := func(s *Scope) { s.nodes = nil }
	leaving := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: noon} }
	later := func(s *Scope) { s.now = noon.Add(overdue) }
	cases := map[string]struct {
		reason string
		pod    corev1.Pod
		change []func(*Scope)
		want   string // reason of the trouble; empty for none
		words  []string
	}{
		"Fine":       {"Nothing is wrong.", aPod(), nil, "", nil},
		"Unplaced":   {"A pod without a node has lost none.", aPod(func(p *corev1.Pod) { p.Spec.NodeName = "" }), []func(*Scope){lost}, "", nil},
		"StillReady": {"The host still counts on it.", aPod(isReadyPod), []func(*Scope){lost}, "", nil},
		"Lost":       {"What the node said last is no longer true.", aPod(), []func(*Scope){lost}, v1alpha1.ReasonHostNodeLost, []string{"host-a", "not Ready", "kubectl delete node host-a"}},
		"Gone":       {"There is nothing to wait for.", aPod(), []func(*Scope){gone}, v1alpha1.ReasonHostNodeLost, []string{"is gone", "made anew"}},
		"Drained":    {"It comes back by itself.", aPod(leaving), nil, v1alpha1.ReasonProgressing, []string{"drained", "next one"}},
		"Stuck":      {"The node cannot confirm.", aPod(leaving), []func(*Scope){lost, later}, v1alpha1.ReasonHostNodeLost, []string{"nobody confirms", "kubectl delete node host-a"}},
		"Held":       {"Something else holds it.", aPod(leaving), []func(*Scope){later}, v1alpha1.ReasonNodeProblem, []string{"kubectl describe pod dev-server-0"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(tc.pod)
			for _, c := range tc.change {
				c(s)
			}
			got, _ := s.hostTrouble(&tc.pod)
			if got.reason != tc.want {
				t.Errorf("%s\nhostTrouble() = %+v, want %s", tc.reason, got, tc.want)
			}
			for _, word := range tc.words {
				if !strings.Contains(got.message, word) {
					t.Errorf("%s\nthe message does not say %q: %s", tc.reason, word, got.message)
				}
			}
		})
	}
}

// TestLeavingIsLookedAtAgain: no watch tells that nothing happened.
func TestLeavingIsLookedAtAgain(t *testing.T) {
	pod := aPod(func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: noon.Add(10 * time.Second)} })
	s := aScope(pod)
	s.hostTrouble(&pod)
	if want := overdue + 10*time.Second; s.requeue != want {
		t.Errorf("comes back after %s, want %s", s.requeue, want)
	}
}

// TestImageMends: the kubelet's changing words about one and the same image
// cost no write, and once it is there the boot goes on.
func TestImageMends(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	pod := w.startPods("dev", "server")[0]
	for i, said := range []string{"ErrImagePull: ", "ImagePullBackOff: Back-off pulling image \"x\": ErrImagePull: ", "ErrImagePull: "} {
		reason, message, _ := strings.Cut(fmt.Sprintf("%swords of try %d", said, i), ": ")
		waitingFor(reason, message)(pod)
		w.updateStatus(pod)
		w.count.take()
		w.reconcile("dev")
		if writes := w.count.take(); i > 0 && len(writes) > 0 {
			t.Errorf("%s costs %v", said, writes)
		}
		c := w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonImagePullFailed)
		if !strings.Contains(c.Message, "tries again") || !strings.Contains(c.Message, "words of try") {
			t.Errorf("the message is: %s", c.Message)
		}
	}
	if got := w.happened(v1alpha1.ReasonImagePullFailed); got != 1 {
		t.Errorf("%d events, want 1", got)
	}
	pod.Status.ContainerStatuses = nil
	w.says(pod, serving)
	w.makeReady(pod)
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
}

// TestRuntimeGone: what runs goes on and follows the spec; only what has to be
// made needs a runtime.
func TestRuntimeGone(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	before := w.template("a")
	w.opts.Profiles = nil
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonInvalidSpec)
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)

	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { *w.replicas(s) = 0 })
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if after := w.template("a"); asJSON(t, after) != asJSON(t, before) {
		t.Error("the template changed")
	}
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { s.Pools = append(s.Pools, v1alpha1.Pool{Name: "b"}) })
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonInvalidSpec)
	w.witness.testify()
}

func (w *world) replicas(s *v1alpha1.VirtualClusterSpec) *int32 {
	s.Pools[0].Replicas = new(int32)
	return s.Pools[0].Replicas
}

// TestWantedNodes: a server is told to keep the nodes that the spec wants, and
// those whose pods are still there.
func TestWantedNodes(t *testing.T) {
	s := withPool(aScope(aPod(), poolPod(func(p *corev1.Pod) { p.Name = "dev-big-4" }), poolPod(func(p *corev1.Pod) {
		p.Name, p.Labels = "dev-old-1", map[string]string{v1alpha1.LabelPool: "old"}
	})), 2)
	if got, want := s.wantedNodes(), `{"generation":3,"wanted":{"big":5,"old":2,"server":1}}`; got != want {
		t.Errorf("wantedNodes() = %s, want %s", got, want)
	}
}
