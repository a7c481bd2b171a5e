package virtualcluster

import (
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// TestDistroOfHosts: a node without the controllers keeps K3s away only if pods
// of the cluster can get there.
func TestDistroOfHosts(t *testing.T) {
	seccomp := userns.New().PodShape(profile.PodOptions{Seccomp: true}).NodeSelector
	if len(seccomp) == 0 {
		t.Fatal("the runtime has no seccomp profile: this proves nothing")
	}
	cases := map[string]struct {
		reason string
		change func(good, short *corev1.Node, class *nodev1.RuntimeClass)
		want   v1alpha1.Distro
	}{
		"Offers": {"A pod can get there.", func(_, _ *corev1.Node, _ *nodev1.RuntimeClass) {}, v1alpha1.DistroK8s},
		"OffersNot": {"No pod can.", func(_, short *corev1.Node, _ *nodev1.RuntimeClass) {
			short.Status.RuntimeHandlers = nil
		}, v1alpha1.DistroK3s},
		"NotSelected": {"Nor past the RuntimeClass.", func(good, _ *corev1.Node, class *nodev1.RuntimeClass) {
			good.Labels = map[string]string{"userns": "yes"}
			class.Scheduling = &nodev1.Scheduling{NodeSelector: good.Labels}
		}, v1alpha1.DistroK3s},
		"NoSeccomp": {"Nor where the seccomp profile is not, while it is elsewhere.", func(good, _ *corev1.Node, _ *nodev1.RuntimeClass) {
			good.Labels = maps.Clone(seccomp)
		}, v1alpha1.DistroK3s},
		"OnlyThere": {"It is the only one there is.", func(good, _ *corev1.Node, _ *nodev1.RuntimeClass) {
			good.Status.RuntimeHandlers = nil
		}, v1alpha1.DistroK8s},
		"Awaited": {"Who knows what the node is like that comes.", func(good, short *corev1.Node, class *nodev1.RuntimeClass) {
			good.Status.RuntimeHandlers, short.Status.RuntimeHandlers = nil, nil
			class.Annotations = map[string]string{profile.AnnotationAwaitNodes: "true"}
		}, v1alpha1.DistroK8s},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			good := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
			short := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "b", Labels: map[string]string{v1alpha1.NodeLabelMissingControllers: "cpu"}}}
			offer(&good)
			offer(&short)
			class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
			tc.change(&good, &short, class)
			s := aScope()
			s.profiles, s.nodes = []profile.Profile{userns.New()}, []corev1.Node{good, short}
			s.runtimeClasses = map[string]*nodev1.RuntimeClass{class.Name: class}
			got, why, err := s.chooseDistro(catalogue.Entry{
				Version: "v1.36.3", Image: "node", Distros: []v1alpha1.Distro{v1alpha1.DistroK8s, v1alpha1.DistroK3s},
			})
			if err != nil || got != tc.want {
				t.Errorf("%s\nchooseDistro() = %q, %q, %v, want %q", tc.reason, got, why, err, tc.want)
			}
		})
	}
}

// TestDistroOfProven: a distro is for good, so it is chosen by what probes found
// on the nodes of the runtime that is taken in the end, and not before.
func TestDistroOfProven(t *testing.T) {
	both := handlers{userns.Handler: true, sysbox.Handler: true}
	able, short := v1alpha1.ProbeCheck{Name: finding.Controllers, OK: true, Found: "cpu cpuset memory pids"}, v1alpha1.ProbeCheck{Name: finding.Controllers, Found: "memory pids"}
	report := func(node, runtime string, verdict v1alpha1.ProbeVerdict, check v1alpha1.ProbeCheck) v1alpha1.RuntimeReport {
		r := found(node, runtime, verdict, "words")
		if r.Status.Probe != nil {
			r.Status.Probe.Checks = []v1alpha1.ProbeCheck{check}
		}
		return r
	}
	cases := map[string]struct {
		reason  string
		asked   v1alpha1.Distro
		carried []v1alpha1.Distro
		nodes   []corev1.Node
		reports []v1alpha1.RuntimeReport
		want    v1alpha1.Distro
		words   string
		stop    string // reason to wait for
	}{
		"Able": {
			reason: "The probe found all that K3s insists on.", nodes: []corev1.Node{probedNode("a", both, labelUserns, labelSysbox)},
			reports: []v1alpha1.RuntimeReport{report("a", "sysbox", v1alpha1.ProbePassed, able)}, want: v1alpha1.DistroK3s, words: "default",
		},
		"Short": {
			reason: "Nodes say nothing of their cgroups, and the probe does.", nodes: []corev1.Node{probedNode("a", both, labelUserns, labelSysbox)},
			reports: []v1alpha1.RuntimeReport{report("a", "sysbox", v1alpha1.ProbePassed, short)}, want: v1alpha1.DistroK8s, words: `node "a" delegates: a probe found memory pids there`,
		},
		"Weaker": {
			reason: "A node decides nothing that failed to prove the stronger runtime.", nodes: []corev1.Node{probedNode("a", both), probedNode("b", handlers{userns.Handler: true}, labelUserns)},
			reports: []v1alpha1.RuntimeReport{
				report("a", "sysbox", v1alpha1.ProbeFailed, able), report("a", "userns", v1alpha1.ProbeFailed, able), report("b", "userns", v1alpha1.ProbePassed, short),
			}, want: v1alpha1.DistroK8s, words: `node "b"`,
		},
		"OtherRuntime": {
			reason: "Nor does what was found under another one.", nodes: []corev1.Node{probedNode("a", both, labelUserns, labelSysbox)},
			reports: []v1alpha1.RuntimeReport{report("a", "sysbox", v1alpha1.ProbePassed, able), report("a", "userns", v1alpha1.ProbePassed, short)}, want: v1alpha1.DistroK3s, words: "default",
		},
		"NotYet":   {reason: "Who does not know the nodes does not know.", nodes: []corev1.Node{probedNode("a", both, labelUserns)}, stop: v1alpha1.ReasonProbing},
		"Nowhere":  {reason: "Nor which of them will offer a runtime.", nodes: []corev1.Node{probedNode("a", handlers{})}, stop: v1alpha1.ReasonNoCapableNode},
		"NoChoice": {reason: "Where there is none nobody waits.", carried: []v1alpha1.Distro{v1alpha1.DistroK8s}, nodes: []corev1.Node{probedNode("a", both)}, want: v1alpha1.DistroK8s, words: "does not carry k3s"},
		"Asked":    {reason: "Nor where it is made.", asked: v1alpha1.DistroK3s, nodes: []corev1.Node{probedNode("a", both)}, want: v1alpha1.DistroK3s, words: "spec.distro"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.profiles, s.nodes, s.runtimeClasses, s.proofs = catalog.Profiles(), tc.nodes, hostClasses(t), proofs{}
			for i := range tc.reports {
				s.proofs[tc.reports[i].Spec] = &tc.reports[i]
			}
			s.vc.Spec.Distro = tc.asked
			if tc.carried == nil {
				tc.carried = []v1alpha1.Distro{v1alpha1.DistroK8s, v1alpha1.DistroK3s}
			}
			got, why, err := s.chooseDistro(catalogue.Entry{Version: "v1.36.3", Image: "node", Distros: tc.carried})
			if got != tc.want || !strings.Contains(why, tc.words) || (err != nil) != (tc.stop != "") || err != nil && reasonOf(err) != tc.stop {
				t.Errorf("%s\nchooseDistro() = %q, %q, %v, want %q, %q, %q", tc.reason, got, why, err, tc.want, tc.words, tc.stop)
			}
		})
	}
}

// TestDistroOfPaused: a cluster that is made paused waits like any other for the
// nodes that decide, and shows that by what it has not resolved: only so is it one
// for which nodes are probed.
func TestDistroOfPaused(t *testing.T) {
	r := found("a", "userns", v1alpha1.ProbeFailed, "no such module") // long before the cluster was made
	s := hostScope(t, probedNode("a", handlers{userns.Handler: true}))
	s.proofs = proofs{r.Spec: &r}
	s.catalogue = catalogue.Single("v1.36.3", "node", v1alpha1.DistroK8s, v1alpha1.DistroK3s)
	s.vc.CreationTimestamp = metav1.NewTime(s.now)
	pause(&s.vc.Spec)
	if err := resolve(s); reasonOf(err) != v1alpha1.ReasonProbing || s.vc.Status.Resolved != nil {
		t.Errorf("resolve() = %v, and resolved is %+v", err, s.vc.Status.Resolved)
	}
	s.want(t, v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonProbing)
	r.Status.State = v1alpha1.RuntimeState(v1alpha1.ProbePassed)
	s.nodes[0].Labels[labelUserns] = v1alpha1.NodeLabelProven
	if err := resolve(s); err != nil || s.vc.Status.Resolved == nil || s.vc.Status.Resolved.Distro != v1alpha1.DistroK3s {
		t.Errorf("once the node has passed: resolve() = %v, and resolved is %+v", err, s.vc.Status.Resolved)
	}
}

// TestDistroIsKept: what nodes turn out to be later changes no cluster.
func TestDistroIsKept(t *testing.T) {
	s := aScope()
	s.vc.Status.Resolved = &v1alpha1.Resolved{Distro: v1alpha1.DistroK3s, Version: "v1.36.3"}
	s.nodes = nil // not even a runtime is there any more
	if got, err := s.resolved(); err != nil || got.Distro != v1alpha1.DistroK3s {
		t.Errorf("resolved() = %+v, %v", got, err)
	}
}
