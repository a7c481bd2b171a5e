package virtualcluster

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// TestWarnings: a warning is for what somebody has to act on. That the first
// cluster of a host waits for a probe is none, nor that its host has no Sysbox.
func TestWarnings(t *testing.T) {
	one, both := handlers{userns.Handler: true}, handlers{userns.Handler: true, sysbox.Handler: true}
	cases := map[string]struct {
		reason  string
		offered handlers
		report  v1alpha1.RuntimeReport
		change  func(*Scope)
		event   string // type and reason of the only event; none where it is empty
		words   string // what the condition says
		not     string // and does not
	}{
		"Probing": {
			reason: "It passes by itself.", offered: one, report: found("a", "userns", "", ""),
			words: `finding out whether runtime "userns" works: node a: `, not: "sysbox",
		},
		"Inconclusive": {
			reason: "Somebody has to look after the registry.", offered: one, report: found("a", "userns", v1alpha1.ProbeInconclusive, "registry away"),
			event: "Warning ProbeInconclusive", words: "registry away", not: "sysbox",
		},
		"StrongerInconclusive": {
			reason: "Nor is a weaker one taken for good because of it.", offered: both, report: found("a", "sysbox", v1alpha1.ProbeInconclusive, "registry away"),
			event: "Warning ProbeInconclusive", words: `runtime "sysbox"`, not: "userns",
		},
		"Failed": {
			reason: "Somebody has to mend the node.", offered: one, report: foundAt(time.Minute, found("a", "userns", v1alpha1.ProbeFailed, "no cgroup")),
			event: "Warning ProbeFailed", words: "no cgroup",
		},
		"Unlabelled": {
			reason: "Somebody has to let it be labelled.", offered: one, report: func() v1alpha1.RuntimeReport {
				r := found("a", "userns", v1alpha1.ProbePassed, "has everything")
				r.Status.Message = "a policy has something against its labels; " + r.Status.Message
				return r
			}(),
			event: "Warning ProbeInconclusive", words: "passed its probe, but a policy has something against its labels",
		},
		"FailedBefore": {
			reason: "Somebody may have mended it before they created the cluster.", offered: one, report: foundAt(-time.Hour, found("a", "userns", v1alpha1.ProbeFailed, "no cgroup")),
			words: `finding out whether runtime "userns" works now, which it did not before: node a: no cgroup`,
		},
		"StrongerFailedBefore": {
			reason: "Nobody waits for a stronger one that failed.", offered: both, report: foundAt(-time.Hour, found("a", "sysbox", v1alpha1.ProbeFailed, "no fuse")),
			change: func(s *Scope) { s.nodes[0].Labels[labelUserns] = v1alpha1.NodeLabelProven },
			event:  "Normal RuntimeReady", words: `offer runtime "userns"`,
		},
		"WeakerProbing": {
			reason: "Nor is that all there is to wait for.", offered: both, report: foundAt(-time.Hour, found("a", "sysbox", v1alpha1.ProbeFailed, "no fuse")),
			words: `finding out whether runtime "userns" works: node a`, not: "sysbox",
		},
		"Awaited": {
			reason: "Somebody said that a node comes by itself.", offered: handlers{}, report: found("b", "userns", "", ""),
			change: func(s *Scope) { await(s, userns.ClassName) },
			event:  "Normal AwaitingNode", words: "pods wait for a node",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.vc.CreationTimestamp = metav1.NewTime(noon)
			s.profiles, s.runtimeClasses = catalog.Profiles(), hostClasses(t)
			s.nodes = []corev1.Node{probedNode("a", tc.offered)}
			s.proofs = proofs{tc.report.Spec: &tc.report}
			if tc.change != nil {
				tc.change(s)
			}
			old := s.vc.DeepCopy()
			if err := chooseRuntime(s); err != nil {
				t.Fatal(err)
			}
			c := s.condition(v1alpha1.ConditionRuntimeReady)
			if !strings.Contains(c.Message, tc.words) || tc.not != "" && strings.Contains(c.Message, tc.not) {
				t.Errorf("%s the condition says: %s", tc.reason, c.Message)
			}
			var got []string
			for _, e := range changes(old, s.vc) {
				got = append(got, e.Type+" "+e.Reason)
			}
			if strings.Join(got, ", ") != tc.event {
				t.Errorf("%s events: %v, want %q", tc.reason, got, tc.event)
			}
		})
	}
}

// foundAt is a report of a probe that ended some time after noon.
func foundAt(after time.Duration, r v1alpha1.RuntimeReport) v1alpha1.RuntimeReport {
	r.Status.Probe.Time = metav1.NewTime(noon.Add(after))
	return r
}

// TestShortProgress: while probes run nothing is said of the nodes that they do
// not run on.
func TestShortProgress(t *testing.T) {
	refusal := noNode(userns.New().Knowledge(), profile.Answer{Nodes: []profile.NodeAnswer{
		{Node: "a", Problems: []profile.Problem{{Reason: v1alpha1.ReasonProbing, Message: "a probe pod boots the node image there"}}},
		{Node: "b", Problems: []profile.Problem{{Reason: profile.ReasonHandlerMissing, Message: "no handler, and what to do about it"}}},
	}})
	if refusal.reason != v1alpha1.ReasonProbing || strings.Contains(refusal.message, "no handler") {
		t.Errorf("%s: %s", refusal.reason, refusal.message)
	}
}
