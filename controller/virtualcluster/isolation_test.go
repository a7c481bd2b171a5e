package virtualcluster

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestOpenNodes: a policy that cannot list the host's nodes is said to have a
// gap.
func TestOpenNodes(t *testing.T) {
	for nodes, want := range map[int]bool{cluster.MaxClosedNodes: false, cluster.MaxClosedNodes + 1: true} {
		s := aScope(aPod(confined)).says("boot-1")
		s.host.NodeAddresses = make([]netip.Addr, nodes)
		if err := prove(s); err != nil {
			t.Fatal(err)
		}
		c := s.want(t, v1alpha1.ConditionIsolated, yes, v1alpha1.ReasonProven)
		if got := strings.Contains(c.Message, "more than 200 nodes"); got != want {
			t.Errorf("with %d nodes the message is: %s", nodes, c.Message)
		}
	}
}

// confined is a pod as we ask for it.
func confined(p *corev1.Pod) {
	isReadyPod(p)
	p.CreationTimestamp = metav1.NewTime(noon.Add(-time.Minute))
	p.Spec.HostUsers = ptr.To(false)
	p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{
		Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}},
		ProcMount:    ptr.To(corev1.UnmaskedProcMount),
		SeccompProfile: &corev1.SeccompProfile{
			Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: ptr.To("vclusterctl/x.json"),
		},
	}
}

func TestProve(t *testing.T) {
	security := func(f func(*corev1.SecurityContext)) func(*corev1.Pod) {
		return func(p *corev1.Pod) { f(p.Spec.Containers[0].SecurityContext) }
	}
	volume := func(source corev1.VolumeSource) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: source}} }
	}
	facts := func(f func(*guestapi.Facts)) func(*guestapi.Report) {
		return func(r *guestapi.Report) { f(&r.Facts) }
	}
	cases := map[string]struct {
		reason string
		pod    corev1.Pod
		report []func(*guestapi.Report)
		silent bool
		status metav1.ConditionStatus
		want   string
		words  string
	}{
		"Proven":     {reason: "Both sides say so.", pod: aPod(confined), status: yes, want: v1alpha1.ReasonProven},
		"Silent":     {reason: "One side is not enough.", pod: aPod(confined), silent: true, status: unknown, want: v1alpha1.ReasonNotProven},
		"Privileged": {reason: "Something changed the pod.", pod: aPod(confined, security(func(c *corev1.SecurityContext) { c.Privileged = ptr.To(true) })), status: no, want: v1alpha1.ReasonViolated, words: "privileged"},
		"HostUsers":  {reason: "Without a user namespace nothing holds.", pod: aPod(confined, func(p *corev1.Pod) { p.Spec.HostUsers = nil }), status: no, want: v1alpha1.ReasonViolated, words: factUserNamespace},
		"HostPath":   {reason: "A way to the host's files.", pod: aPod(confined, volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc"}})), status: no, want: v1alpha1.ReasonViolated, words: "/etc"},
		"HostNet":    {reason: "A way to the host's network.", pod: aPod(confined, func(p *corev1.Pod) { p.Spec.HostNetwork = true }), status: no, want: v1alpha1.ReasonViolated, words: "network"},
		"Token": {
			reason: "A way to the host's API.",
			pod: aPod(confined, volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
				Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{}}},
			}})), status: no, want: v1alpha1.ReasonViolated, words: factToken,
		},
		"Sidecar": {
			reason: "An injected container counts.",
			pod: aPod(confined, func(p *corev1.Pod) {
				p.Spec.InitContainers = []corev1.Container{{SecurityContext: &corev1.SecurityContext{Privileged: ptr.To(true)}}}
			}), status: no, want: v1alpha1.ReasonViolated, words: "privileged",
		},
		"Unconfined": {reason: "Safe to miss, but said.", pod: aPod(confined, security(func(c *corev1.SecurityContext) { c.SeccompProfile = nil })), status: no, want: v1alpha1.ReasonSeccompOff, words: factSeccomp},
		"NotApplied": {reason: "The profile did not take effect.", pod: aPod(confined), report: []func(*guestapi.Report){facts(func(f *guestapi.Facts) { f.SeccompMode = "disabled" })}, status: no, want: v1alpha1.ReasonSeccompOff, words: factSeccompMode},
		"RootMap":    {reason: "The node's root is the host's.", pod: aPod(confined), report: []func(*guestapi.Report){facts(func(f *guestapi.Facts) { f.UIDMap = []string{"0 0 4294967295"} })}, status: no, want: v1alpha1.ReasonViolated, words: factUIDMap},
		"NoMap":      {reason: "What was not found is not proven.", pod: aPod(confined), report: []func(*guestapi.Report){facts(func(f *guestapi.Facts) { f.GIDMap = nil })}, status: no, want: v1alpha1.ReasonViolated, words: factGIDMap},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(tc.pod)
			if !tc.silent {
				s.says("boot-1", tc.report...)
			}
			if err := prove(s); err != nil {
				t.Fatal(err)
			}
			c := s.want(t, v1alpha1.ConditionIsolated, tc.status, tc.want)
			if !strings.Contains(c.Message, tc.words) {
				t.Errorf("%s\nthe message does not say %q: %s", tc.reason, tc.words, c.Message)
			}
		})
	}
}

// TestProveRemembers: after a restart of the controller, a report that looks
// good does not wash off a bad one that the status holds, unless the pod is
// another one.
func TestProveRemembers(t *testing.T) {
	bad := v1alpha1.IsolationFact{Name: factUIDMap, Value: "0 0 1", Source: v1alpha1.SourceGuest}
	cases := map[string]struct {
		created time.Time
		want    string
	}{
		"SamePod":  {noon.Add(-time.Hour), v1alpha1.ReasonViolated},
		"Replaced": {noon.Add(time.Hour), v1alpha1.ReasonProven},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(aPod(confined, func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(tc.created) })).says("boot-1")
			s.no(v1alpha1.ConditionIsolated, v1alpha1.ReasonViolated, "")
			s.vc.Status.Isolation = []v1alpha1.IsolationFact{bad}
			if err := prove(s); err != nil {
				t.Fatal(err)
			}
			if got := s.condition(v1alpha1.ConditionIsolated).Reason; got != tc.want {
				t.Errorf("Isolated is %s, want %s", got, tc.want)
			}
		})
	}
}

// TestProveWorst: of several pods the worst counts, and is named.
func TestProveWorst(t *testing.T) {
	s := withPool(aScope(aPod(confined), poolPod(confined, func(p *corev1.Pod) { p.Spec.HostPID = true })), 1)
	for _, boot := range []types.UID{"boot-1", "boot-2"} {
		s.says(boot)
	}
	if err := prove(s); err != nil {
		t.Fatal(err)
	}
	if c := s.want(t, v1alpha1.ConditionIsolated, no, v1alpha1.ReasonViolated); !strings.Contains(c.Message, "dev-big-0: pid") {
		t.Errorf("the message is: %s", c.Message)
	}
}
