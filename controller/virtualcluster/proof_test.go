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
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
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

func TestProofIsDemanded(t *testing.T) {
	both := handlers{userns.Handler: true, sysbox.Handler: true}
	one := handlers{userns.Handler: true}
	cases := map[string]struct {
		reason   string
		nodes    []corev1.Node
		reports  []v1alpha1.RuntimeReport
		change   func(*Scope)
		want     string // reason of RuntimeReady
		words    []string
		runtime  string
		selector map[string]string
	}{
		"Passed": {
			reason: "Pods run where a probe passed, and nowhere else.",
			nodes:  []corev1.Node{probedNode("a", one, labelUserns)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbePassed, "has everything")},
			want: v1alpha1.ReasonReady, words: []string{`1/1 nodes of the host offer runtime "userns", as a probe found there`},
			runtime: "userns", selector: map[string]string{labelUserns: "proven"},
		},
		"Probing": {
			reason: "A probe is under way.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", "", "")},
			want: v1alpha1.ReasonProbing, words: []string{`no node has proven runtime "userns" yet: node a: a probe pod is finding out`},
		},
		"FailedBefore": {
			reason: "A probe that may end better than the last one is waited for.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{func() v1alpha1.RuntimeReport {
				r := found("a", "userns", v1alpha1.ProbeFailed, "no")
				r.Status.State = v1alpha1.StateProbing
				return r
			}()},
			want: v1alpha1.ReasonProbing,
		},
		"NotYet": {
			reason: "Nor has anybody looked at a node that has just come.",
			nodes:  []corev1.Node{probedNode("a", one)},
			want:   v1alpha1.ReasonProbing,
		},
		"Failed": {
			reason: "The probe's own words are told.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbeFailed, "cgroup: read-only file system, and needed is this: do that")},
			want: v1alpha1.ReasonProbeFailed, words: []string{"node a: cgroup: read-only file system", "do that", "kubectl get runtimereports", `kubectl annotate runtimereport a.userns --overwrite vclusterctl.dev/probe="$(date)"`},
		},
		"Lost": {
			reason: "One that failed is named, though others are good.",
			nodes:  []corev1.Node{probedNode("a", one, labelUserns), probedNode("b", one)}, reports: []v1alpha1.RuntimeReport{found("b", "userns", v1alpha1.ProbeFailed, "vxlan: no such module")},
			want: v1alpha1.ReasonReady, words: []string{"1/2 nodes", "node b: vxlan: no such module"}, runtime: "userns", selector: map[string]string{labelUserns: "proven"},
		},
		"Unsure": {
			reason: "What was proven stays so while the next probe comes to nothing.",
			nodes:  []corev1.Node{probedNode("a", one, labelUserns)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbeInconclusive, "registry away")},
			want: v1alpha1.ReasonReady, runtime: "userns", selector: map[string]string{labelUserns: "proven"},
		},
		"Unlabelled": {
			reason: "A node that passed is labelled a moment after its report: nobody is to give up on it.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbePassed, "has everything")},
			want: v1alpha1.ReasonProbing, words: []string{"node a: passed its probe, and is being labelled"},
		},
		"StrongerUnlabelled": {
			reason: "Nor is a weaker one taken for good in that moment.",
			nodes:  []corev1.Node{probedNode("a", both, labelUserns)}, reports: []v1alpha1.RuntimeReport{found("a", "sysbox", v1alpha1.ProbePassed, "has everything")},
			want: v1alpha1.ReasonProbing, words: []string{`"sysbox"`, "is being labelled"},
		},
		"Inconclusive": {
			reason: "A probe that did not get as far as to tell is made again, and its words are told.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbeInconclusive, "registry away")},
			want: v1alpha1.ReasonProbing, words: []string{"came to nothing, and is made again: registry away"},
		},
		"OfferedAnew": {
			reason: "What a node says now is newer than the report that it says something else.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{func() v1alpha1.RuntimeReport {
				r := found("a", "userns", v1alpha1.ProbePassed, "has everything")
				r.Status.State, r.Status.Message = v1alpha1.StateNotOffered, "has no handler"
				return r
			}()},
			want: v1alpha1.ReasonProbing, words: []string{"a probe pod is finding out"},
		},
		"Down": {
			reason: "A node that is away is not being probed, and keeps nobody waiting for it.",
			nodes: []corev1.Node{func() corev1.Node {
				n := probedNode("a", one)
				n.Status.Conditions[0].Status = corev1.ConditionUnknown
				return n
			}()},
			want: v1alpha1.ReasonPending, words: []string{"is not Ready"},
		},
		"Stronger": {
			reason: "auto waits for the stronger one while it is being probed.",
			nodes:  []corev1.Node{probedNode("a", both, labelUserns)},
			want:   v1alpha1.ReasonProbing, words: []string{`"sysbox"`},
		},
		"StrongerFailed": {
			reason: "And takes the weaker one where that came to nothing.",
			nodes:  []corev1.Node{probedNode("a", both, labelUserns)}, reports: []v1alpha1.RuntimeReport{found("a", "sysbox", v1alpha1.ProbeFailed, "no")},
			want: v1alpha1.ReasonReady, runtime: "userns", selector: map[string]string{labelUserns: "proven"},
		},
		"StrongerPassed": {
			reason: "The strongest proven one is taken.",
			nodes:  []corev1.Node{probedNode("a", both, labelUserns, labelSysbox)},
			want:   v1alpha1.ReasonReady, runtime: "sysbox", selector: map[string]string{labelSysbox: "proven"},
		},
		"ControlPlane": {
			reason: "Nodes for control planes take no nodes that run pods.",
			nodes:  []corev1.Node{probedNode("a", one, labelUserns+labelServers)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbeControlPlaneOnly, "pods inside would not run: vxlan")},
			want: v1alpha1.ReasonProbeFailed, words: []string{"vxlan"},
		},
		"NoHandler": {
			reason: "What nodes themselves deny needs no probe.", nodes: []corev1.Node{probedNode("a", handlers{})},
			want: v1alpha1.ReasonNoCapableNode,
		},
		"Awaited": {
			reason: "Pods wait for a node where its RuntimeClass says that one comes.", nodes: []corev1.Node{probedNode("a", handlers{})},
			change: func(s *Scope) { await(s, userns.ClassName) },
			want:   v1alpha1.ReasonAwaitingNode, words: []string{`pods wait for a node with runtime "userns"`}, runtime: "userns",
		},
		"Arrived": {
			reason: "And then they are scheduled by that class alone.", nodes: []corev1.Node{probedNode("a", one, labelUserns)},
			change: func(s *Scope) { await(s, userns.ClassName) },
			want:   v1alpha1.ReasonReady, runtime: "userns",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.profiles, s.nodes, s.runtimeClasses, s.proofs = catalog.Profiles(), tc.nodes, hostClasses(t), proofs{}
			for i := range tc.reports {
				s.proofs[tc.reports[i].Spec] = &tc.reports[i]
			}
			if tc.change != nil {
				tc.change(s)
			}
			if err := chooseRuntime(s); err != nil {
				t.Fatal(err)
			}
			c := s.condition(v1alpha1.ConditionRuntimeReady)
			if c.Reason != tc.want || (c.Status == yes) != (tc.want == v1alpha1.ReasonReady) {
				t.Errorf("%s RuntimeReady is %s/%s (%s), want %s", tc.reason, c.Status, c.Reason, c.Message, tc.want)
			}
			for _, word := range tc.words {
				if !strings.Contains(c.Message, word) {
					t.Errorf("%s the message does not say %q: %s", tc.reason, word, c.Message)
				}
			}
			if (s.runtimeStop == nil) != (tc.runtime != "") {
				t.Errorf("%s whether pods are made: %+v", tc.reason, s.runtimeStop)
			}
			if tc.runtime == "" {
				return
			}
			if got := string(s.choices[0].knowledge.Name); got != tc.runtime {
				t.Errorf("%s chose %q", tc.reason, got)
			}
			if diff := cmp.Diff(tc.selector, s.choices[0].shape.NodeSelector); diff != "" {
				t.Errorf("%s node selector: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func await(s *Scope, class string) {
	c := s.runtimeClasses[class].DeepCopy()
	c.Annotations = map[string]string{profile.AnnotationAwaitNodes: "true"}
	s.runtimeClasses[class] = c
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
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
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
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
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
