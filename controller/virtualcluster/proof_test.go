package virtualcluster

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

const (
	labelUserns  = "vclusterctl.node-restriction.kubernetes.io/userns"
	labelSysbox  = "vclusterctl.node-restriction.kubernetes.io/sysbox"
	labelServers = ".control-planes"
)

// probedNode is a node that offers runtimes, is Ready, and has the labels of those
// that a probe proved.
func probedNode(name string, offered handlers, labels ...string) corev1.Node {
	n := hostNode(offered)
	n.Name = name
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	n.Labels = maps.Clone(n.Labels)
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	for _, l := range labels {
		n.Labels[l] = v1alpha1.NodeLabelProven
	}
	return n
}

// found is a report on a runtime on a node.
func found(node, runtime string, verdict v1alpha1.ProbeVerdict, message string) v1alpha1.RuntimeReport {
	r := v1alpha1.RuntimeReport{Spec: v1alpha1.RuntimeReportSpec{NodeName: node, Profile: runtime}}
	r.Status.State, r.Status.Message = v1alpha1.RuntimeState(verdict), message
	if verdict != "" {
		r.Status.Probe = &v1alpha1.ReportedProbe{Verdict: verdict, Message: message}
	} else {
		r.Status.State = v1alpha1.StateProbing
	}
	return r
}

// TestManyWords: a condition is written however many nodes have a trouble of
// their own.
func TestManyWords(t *testing.T) {
	s := aScope()
	s.profiles, s.runtimeClasses, s.proofs, s.nodes = []profile.Profile{userns.New()}, hostClasses(t), proofs{}, nil
	for i := range 500 {
		name := fmt.Sprintf("node-%d", i)
		s.nodes = append(s.nodes, probedNode(name, handlers{userns.Handler: true}))
		r := found(name, "userns", v1alpha1.ProbeFailed, fmt.Sprintf("trouble number %d: %s", i, strings.Repeat("x", 400)))
		s.proofs[r.Spec] = &r
	}
	choose(t, s)
	if c := s.condition(v1alpha1.ConditionRuntimeReady); len(c.Message) > 2*maxWords || c.Reason != v1alpha1.ReasonProbeFailed {
		t.Errorf("%s with %d bytes", c.Reason, len(c.Message))
	}
}

// TestSeccompOfProven: pods do not ask for what only a node has that failed.
func TestSeccompOfProven(t *testing.T) {
	seccomp := userns.New().Knowledge().Seccomp
	good, bad := probedNode("a", handlers{userns.Handler: true}, labelUserns), probedNode("b", handlers{userns.Handler: true})
	bad.Labels[seccomp.NodeLabel] = seccomp.NodeLabelValue
	s := aScope()
	s.profiles, s.nodes, s.runtimeClasses, s.proofs = []profile.Profile{userns.New()}, []corev1.Node{good, bad}, hostClasses(t), proofs{}
	choose(t, s)
	if diff := cmp.Diff(map[string]string{labelUserns: "proven"}, s.choices[0].shape.NodeSelector); diff != "" {
		t.Errorf("no node has both labels: -want, +got:\n%s", diff)
	}
}

func TestReportWakes(t *testing.T) {
	changed := reportChanged()
	cases := map[string]struct {
		reason string
		change func(*v1alpha1.RuntimeReport)
		want   bool
	}{
		"Nothing": {reason: "Nothing has changed.", change: func(*v1alpha1.RuntimeReport) {}},
		"Time":    {reason: "The same was found at another time.", change: func(r *v1alpha1.RuntimeReport) { r.Status.Probe.Time = metav1.Now() }},
		"State":   {reason: "Something else was found.", change: func(r *v1alpha1.RuntimeReport) { r.Status.State = "Passed" }, want: true},
		"Words":   {reason: "In other words.", change: func(r *v1alpha1.RuntimeReport) { r.Status.Message = "other" }, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			old := found("a", "userns", v1alpha1.ProbeFailed, "no")
			updated := old.DeepCopy()
			tc.change(updated)
			if got := changed.Update(event.UpdateEvent{ObjectOld: &old, ObjectNew: updated}); got != tc.want {
				t.Errorf("%s wakes clusters: %t", tc.reason, got)
			}
		})
	}
}

// TestQualifies: servers without pods make do with less.
func TestQualifies(t *testing.T) {
	for verdict, want := range map[v1alpha1.ProbeVerdict][2]bool{
		v1alpha1.ProbePassed:           {true, true},
		v1alpha1.ProbeControlPlaneOnly: {false, true},
		v1alpha1.ProbeFailed:           {},
		v1alpha1.ProbeInconclusive:     {},
	} {
		if got := [2]bool{qualifies(verdict, true), qualifies(verdict, false)}; got != want {
			t.Errorf("%s is enough for nodes with and without pods: %v, want %v", verdict, got, want)
		}
	}
}

// TestProofsOfAnother: a node that takes the name of another one is not told what
// was found there.
func TestProofsOfAnother(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		uid    types.UID
		want   bool
	}{
		"Own":     {reason: "It was found on this node.", uid: "first", want: true},
		"Another": {reason: "It was found on one that is gone.", uid: "second"},
	} {
		t.Run(name, func(t *testing.T) {
			n := probedNode("a", handlers{userns.Handler: true})
			n.UID = tc.uid
			r := found("a", "userns", v1alpha1.ProbeFailed, "no")
			r.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "a", UID: "first"}}
			if got := proofsOf([]v1alpha1.RuntimeReport{r}, []corev1.Node{n}); (got[r.Spec] != nil) != tc.want {
				t.Errorf("%s Its report counts: %t", tc.reason, !tc.want)
			}
		})
	}
}
