package virtualcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// proofCase is what nodes offer and probes found there, and what a cluster is told.
type proofCase struct {
	reason   string
	nodes    []corev1.Node
	reports  []v1alpha1.RuntimeReport
	change   func(*Scope)
	want     string // reason of RuntimeReady
	words    []string
	runtime  string
	selector map[string]string
}

func testProofs(t *testing.T, cases map[string]proofCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := hostScope(t, tc.nodes...)
			s.proofs = proofs{}
			for i := range tc.reports {
				s.proofs[tc.reports[i].Spec] = &tc.reports[i]
			}
			if tc.change != nil {
				tc.change(s)
			}
			choose(t, s)
			tc.check(t, s)
		})
	}
}

// check holds what was chosen, and what is said of it, against what is wanted.
func (tc *proofCase) check(t *testing.T, s *Scope) {
	t.Helper()
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
}

// TestProofIsDemanded: pods run where a probe says that they can.
func TestProofIsDemanded(t *testing.T) {
	one := handlers{userns.Handler: true}
	testProofs(t, map[string]proofCase{
		"Passed": {
			reason: "Pods run where a probe passed, and nowhere else.",
			nodes:  []corev1.Node{probedNode("a", one, labelUserns)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbePassed, "has everything")},
			want: v1alpha1.ReasonReady, words: []string{`1/1 nodes of the host offer runtime "userns", as a probe found there`},
			runtime: "userns", selector: map[string]string{labelUserns: "proven"},
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
		"ControlPlane": {
			reason: "Nodes for control planes take no nodes that run pods.",
			nodes:  []corev1.Node{probedNode("a", one, labelUserns+labelServers)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbeControlPlaneOnly, "pods inside would not run: vxlan")},
			want: v1alpha1.ReasonProbeFailed, words: []string{"vxlan"},
		},
	})
}

// TestProofIsAwaited: a cluster waits for a probe that is still to come, and for
// no other.
func TestProofIsAwaited(t *testing.T) {
	one := handlers{userns.Handler: true}
	testProofs(t, map[string]proofCase{
		"Probing": {
			reason: "A probe is under way.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", "", "")},
			want: v1alpha1.ReasonProbing, words: []string{`finding out whether runtime "userns" works: node a: a probe pod boots the node image there`},
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
		"Unlabelled": {
			reason: "A node that passed is labelled a moment after its report: nobody is to give up on it.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbePassed, "has everything")},
			want: v1alpha1.ReasonProbing, words: []string{"node a: passed its probe, and is being labelled"},
		},
		"Inconclusive": {
			reason: "A probe that did not get as far as to tell is made again, and its words are told.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{found("a", "userns", v1alpha1.ProbeInconclusive, "registry away")},
			want: v1alpha1.ReasonProbeInconclusive, words: []string{`no node has proven runtime "userns" yet`, "came to nothing, and is made again: registry away"},
		},
		"OfferedAnew": {
			reason: "What a node says now is newer than the report that it says something else.",
			nodes:  []corev1.Node{probedNode("a", one)}, reports: []v1alpha1.RuntimeReport{func() v1alpha1.RuntimeReport {
				r := found("a", "userns", v1alpha1.ProbePassed, "has everything")
				r.Status.State, r.Status.Message = v1alpha1.StateNotOffered, "has no handler"
				return r
			}()},
			want: v1alpha1.ReasonProbing, words: []string{"a probe pod boots the node image there"},
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
	})
}

// TestProofOfStronger: auto takes the strongest runtime that is proven, and none
// before it is known which that is.
func TestProofOfStronger(t *testing.T) {
	both := handlers{userns.Handler: true, sysbox.Handler: true}
	testProofs(t, map[string]proofCase{
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
		"StrongerUnlabelled": {
			reason: "A node that passed is labelled a moment after its report: nor is a weaker one taken for good then.",
			nodes:  []corev1.Node{probedNode("a", both, labelUserns)}, reports: []v1alpha1.RuntimeReport{found("a", "sysbox", v1alpha1.ProbePassed, "has everything")},
			want: v1alpha1.ReasonProbing, words: []string{`"sysbox"`, "is being labelled"},
		},
	})
}

// TestProofIsAwaitedForAny: that nodes are probed again soon hangs on the reason,
// so it is none that says nothing of probes while one may mend anything.
func TestProofIsAwaitedForAny(t *testing.T) {
	one := handlers{sysbox.Handler: true}
	failed := []v1alpha1.RuntimeReport{found("a", "sysbox", v1alpha1.ProbeFailed, "vxlan: no such module")}
	asking := func(servers v1alpha1.RuntimeProfile, pools ...v1alpha1.RuntimeProfile) func(*Scope) {
		return func(s *Scope) { s.vc.Spec = asks("", servers, pools...) }
	}
	testProofs(t, map[string]proofCase{
		"Auto": {
			reason: "The runtime that is not there is not the one to wait for.", nodes: []corev1.Node{probedNode("a", one)}, reports: failed,
			want: v1alpha1.ReasonProbeFailed, words: []string{`no node offers runtime "userns"`, `no node passed the probe of runtime "sysbox"`, "every few minutes"},
		},
		"AutoDown": {
			reason: "Nor is a node that is away the only one.", reports: failed,
			nodes: []corev1.Node{probedNode("a", one), func() corev1.Node {
				n := probedNode("b", one)
				n.Status.Conditions[0].Status = corev1.ConditionUnknown
				return n
			}()},
			want: v1alpha1.ReasonPending, words: []string{`no node offers runtime "userns"`, "vxlan: no such module", "is not Ready"},
		},
		"Pool": {
			reason: "What servers lack does not hide what a pool waits for.", nodes: []corev1.Node{probedNode("a", one)}, reports: failed,
			change: asking("userns", "sysbox"), want: v1alpha1.ReasonProbeFailed,
			words: []string{`servers: no node offers runtime "userns"`, `pool "a": no node passed the probe of runtime "sysbox"`},
		},
		"PoolAgain": {
			reason: "Above all not that a probe is made at once for a cluster that is new.", nodes: []corev1.Node{probedNode("a", one)}, reports: failed,
			change: func(s *Scope) {
				asking("userns", "sysbox")(s)
				s.vc.CreationTimestamp = metav1.NewTime(s.now)
			},
			want: v1alpha1.ReasonProbing, words: []string{`servers: no node offers runtime "userns"`, `pool "a": finding out whether runtime "sysbox" works now`},
		},
		"Servers": {
			reason: "Nor does a pool hide what the servers wait for.", nodes: []corev1.Node{probedNode("a", one)}, reports: failed,
			change: asking("sysbox", "userns"), want: v1alpha1.ReasonProbeFailed,
		},
		"User": {
			reason: "What only the user can end no probe mends.", nodes: []corev1.Node{probedNode("a", one)}, reports: failed,
			change: asking("sysbox", "gvisor"), want: v1alpha1.ReasonRuntimeUnsupported,
		},
	})
}

// TestProofOfNodesToCome: where no node offers a runtime there is nothing to
// prove.
func TestProofOfNodesToCome(t *testing.T) {
	one := handlers{userns.Handler: true}
	testProofs(t, map[string]proofCase{
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
	})
}

func await(s *Scope, class string) {
	c := s.runtimeClasses[class].DeepCopy()
	c.Annotations = map[string]string{profile.AnnotationAwaitNodes: "true"}
	s.runtimeClasses[class] = c
}
