package virtualcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// onNode is a pod as we ask for it, under userns on the node of the scope.
func onNode(p *corev1.Pod) {
	confined(p)
	p.Spec.NodeName, p.Spec.RuntimeClassName = "host-a", ptr.To(userns.ClassName)
}

func TestProbeProves(t *testing.T) {
	check := func(name string, ok bool, found string) v1alpha1.ProbeCheck {
		return v1alpha1.ProbeCheck{Name: name, OK: ok, Found: found}
	}
	good := []v1alpha1.ProbeCheck{check("userNamespace", true, "0 65536 65536"), check("seccomp", true, "filter"), check("vxlan", true, "")}
	cases := map[string]struct {
		reason string
		node   string
		checks []v1alpha1.ProbeCheck
		facts  map[string]string
		want   string // reason of Isolated
	}{
		"Good": {
			reason: "The node is as the pod says.", node: "host-a", checks: good, want: v1alpha1.ReasonProven,
			facts: map[string]string{"probedUserNamespace": "as needed, on node host-a", "probedSeccomp": "as needed, on node host-a"},
		},
		"RootMapped": {
			reason: "What a probe found wrong outweighs what the pod says.", node: "host-a",
			checks: []v1alpha1.ProbeCheck{check("userNamespace", false, "0 0 4294967295")}, want: v1alpha1.ReasonViolated,
			facts: map[string]string{"probedUserNamespace": "dev-server-0: 0 0 4294967295, on node host-a"},
		},
		"NoSeccomp": {
			reason: "Seccomp is one wall of several.", node: "host-a",
			checks: []v1alpha1.ProbeCheck{check("seccomp", false, "disabled")}, want: v1alpha1.ReasonSeccompOff,
			facts: map[string]string{"probedSeccomp": "dev-server-0: disabled, on node host-a"},
		},
		"OtherNode": {reason: "Another node's probe says nothing of this pod.", node: "host-b", checks: good, want: v1alpha1.ReasonProven, facts: map[string]string{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(aPod(onNode)).says("boot-1")
			s.profiles, s.proofs = catalog.Profiles(), proofs{}
			r := found(tc.node, "userns", v1alpha1.ProbePassed, "")
			r.Status.Probe.Checks = tc.checks
			s.proofs[r.Spec] = &r
			if err := prove(s); err != nil {
				t.Fatal(err)
			}
			if c := s.condition(v1alpha1.ConditionIsolated); c.Reason != tc.want {
				t.Errorf("%s Isolated is %s (%s), want %s", tc.reason, c.Reason, c.Message, tc.want)
			}
			got := map[string]string{}
			for _, f := range s.vc.Status.Isolation {
				if f.Source == v1alpha1.SourceProbe {
					got[f.Name] = f.Value
				}
			}
			if diff := cmp.Diff(tc.facts, got); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestProbeOfAnotherClass: a probe tries the RuntimeClass of a profile, and says
// nothing of one of the site's, though its handler be of the same kind.
func TestProbeOfAnotherClass(t *testing.T) {
	s := aScope(aPod(onNode, func(p *corev1.Pod) { p.Spec.RuntimeClassName = ptr.To("theirs") })).says("boot-1")
	s.profiles, s.proofs = catalog.Profiles(), proofs{}
	s.runtimeClasses = map[string]*nodev1.RuntimeClass{"theirs": {ObjectMeta: metav1.ObjectMeta{Name: "theirs"}, Handler: userns.Handler}}
	r := found("host-a", "userns", v1alpha1.ProbePassed, "")
	r.Status.Probe.Checks = []v1alpha1.ProbeCheck{{Name: "userNamespace", Found: "0 0 4294967295"}}
	s.proofs[r.Spec] = &r
	if under := s.runtimeOf(&s.pods[0].Spec); under == nil || under.Knowledge().Name != v1alpha1.RuntimeUserns {
		t.Fatalf("the pod is taken for one of %v: this proves nothing", under)
	}
	if err := prove(s); err != nil {
		t.Fatal(err)
	}
	s.want(t, v1alpha1.ConditionIsolated, yes, v1alpha1.ReasonProven)
	for _, f := range s.vc.Status.Isolation {
		if f.Source == v1alpha1.SourceProbe {
			t.Errorf("%s is said to be %q by a probe of another class", f.Name, f.Value)
		}
	}
}

// TestProbeIsNotOutweighed: what a guest says takes nothing from what a probe
// found.
func TestProbeIsNotOutweighed(t *testing.T) {
	s := aScope(aPod(onNode)).says("boot-1")
	s.profiles, s.proofs = catalog.Profiles(), proofs{}
	r := found("host-a", "userns", v1alpha1.ProbePassed, "")
	r.Status.Probe.Checks = []v1alpha1.ProbeCheck{{Name: "userNamespace", Found: "0 0 4294967295"}}
	s.proofs[r.Spec] = &r
	if err := prove(s); err != nil {
		t.Fatal(err)
	}
	if c := s.condition(v1alpha1.ConditionIsolated); c.Status != no || !strings.Contains(c.Message, "probedUserNamespace") {
		t.Errorf("Isolated is %s: %s", c.Status, c.Message)
	}
}
