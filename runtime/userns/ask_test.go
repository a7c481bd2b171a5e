package userns

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

// node returns a node that has everything, with changes.
func node(name string, changes ...func(*corev1.Node)) corev1.Node {
	return profiletest.Node(name, Handler, changes...)
}

func TestAskOneNode(t *testing.T) {
	cases := map[string]struct {
		reason  string
		change  func(*corev1.Node)
		ask     profile.Question
		want    []string // reasons
		message string   // a part of the first message
	}{
		"Good":     {reason: "It has everything."},
		"OwnBuild": {reason: "A version nobody can read is not an old one.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://unknown" })},
		"Suffixes": {reason: "Distributions add to the numbers.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) {
			i.KernelVersion, i.KubeletVersion, i.ContainerRuntimeVersion = "6.8.0-1015-aws", "v1.33.0+k3s1", "containerd://2.1.0-k3s2"
		})},
		"SaysNothing":   {reason: "A node that says nothing but its handlers is not refused.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { *i = corev1.NodeSystemInfo{} })},
		"Windows":       {reason: "It is asked no further.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.OperatingSystem, i.KernelVersion = "windows", "1" }), want: []string{profile.ReasonNotLinux}, message: "add a Linux node"},
		"OldKernel":     {reason: "tmpfs has no mapped ids.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KernelVersion = "5.15.0-1051-azure" }), want: []string{profile.ReasonKernelTooOld}, message: "5.15.0-1051-azure, and volumes in a user namespace need 6.3: upgrade"},
		"OldKubelet":    {reason: "The gates are off.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KubeletVersion = "v1.32.9" }), want: []string{profile.ReasonKubeletTooOld}, message: "need 1.33: upgrade Kubernetes"},
		"OldContainerd": {reason: "It has no cgroup_writable.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://2.0.5" }), want: []string{profile.ReasonContainerdTooOld}, message: "upgrade containerd"},
		"CRIO":          {reason: "Another runtime, another profile.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" }), want: []string{profile.ReasonOtherRuntime}, message: "cri-o"},
		"AllOld": {
			reason: "All is said at once, and the handler follows from it.",
			change: func(n *corev1.Node) {
				n.Status.NodeInfo = corev1.NodeSystemInfo{KernelVersion: "5.4", KubeletVersion: "v1.30.0", ContainerRuntimeVersion: "containerd://1.7.27"}
				n.Status.RuntimeHandlers = nil
			},
			want: []string{profile.ReasonKubeletTooOld, profile.ReasonKernelTooOld, profile.ReasonContainerdTooOld},
		},
		"NoHandler":    {reason: "The host is not configured.", change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "runc", Features: profiletest.Features(true)}), want: []string{profile.ReasonHandlerMissing}, message: `no handler "vclusterctl-userns": add it`},
		"NoFeatures":   {reason: "An old runc says nothing.", change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler}), want: []string{profile.ReasonFeaturesNotStated}, message: "use runc 1.2"},
		"NoUserns":     {reason: "A handler without user namespaces would share the host's.", change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler, Features: profiletest.Features(false)}), want: []string{profile.ReasonNoUserNamespaces}, message: "has no user namespaces"},
		"OtherHandler": {reason: "The RuntimeClass may name another one.", ask: profile.Question{Handler: "mine"}, want: []string{profile.ReasonHandlerMissing}, message: `"mine"`},
		"NotSelected":  {reason: "The RuntimeClass schedules elsewhere.", ask: profile.Question{NodeSelector: map[string]string{"userns": "yes"}}, want: []string{profile.ReasonNotSelected}, message: "userns=yes"},
		"Selected":     {reason: "Or here.", ask: profile.Question{NodeSelector: map[string]string{"userns": "yes"}}, change: func(n *corev1.Node) { n.Labels = map[string]string{"userns": "yes"} }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			n := node("n")
			if tc.change != nil {
				tc.change(&n)
			}
			tc.ask.Nodes = []corev1.Node{n}
			got := New().Ask(tc.ask).Nodes[0]
			if diff := cmp.Diff(tc.want, profiletest.Reasons(got)); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
			if tc.message != "" && !strings.Contains(got.Problems[0].Message, tc.message) {
				t.Errorf("%s message %q does not say %q", tc.reason, got.Problems[0].Message, tc.message)
			}
		})
	}
}

func TestAskSeveralNodes(t *testing.T) {
	p := New()
	withSeccomp := func(n *corev1.Node) { n.Labels = p.seccomp.nodeLabels() }
	answer := p.Ask(profile.Question{Nodes: []corev1.Node{
		node("c", withSeccomp),
		node("a"),
		node("b", withSeccomp, profiletest.Handlers()),
	}})
	var capable []string
	for _, n := range answer.Capable() {
		capable = append(capable, n.Node)
	}
	if diff := cmp.Diff([]string{"a", "c"}, capable); diff != "" {
		t.Errorf("capable nodes: -want, +got:\n%s", diff)
	}
	if !answer.Seccomp() || answer.Nodes[0].Seccomp || !answer.Nodes[2].Seccomp {
		t.Errorf("the labels were misread: %+v", answer.Nodes)
	}
	if got := p.Ask(profile.Question{Nodes: []corev1.Node{node("b", withSeccomp, profiletest.Handlers())}}); got.Seccomp() {
		t.Error("a seccomp profile on a node that runs no node pods is of no use")
	}
}
