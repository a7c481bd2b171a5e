package userns

import (
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
	profiletest.Ask(t, New(), map[string]profiletest.AskCase{
		"Good":     {Reason: "It has everything."},
		"OwnBuild": {Reason: "A version nobody can read is not an old one.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://unknown" })},
		"Suffixes": {Reason: "Distributions add to the numbers.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) {
			i.KernelVersion, i.KubeletVersion, i.ContainerRuntimeVersion = "6.8.0-1015-aws", "v1.33.0+k3s1", "containerd://2.1.0-k3s2"
		})},
		"SaysNothing":    {Reason: "A node that says nothing but its handlers is not refused.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { *i = corev1.NodeSystemInfo{} })},
		"Windows":        {Reason: "It is asked no further.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.OperatingSystem, i.KernelVersion = "windows", "1" }), Want: []string{profile.ReasonNotLinux}, Message: "add a Linux node"},
		"OldKernel":      {Reason: "tmpfs has no mapped ids.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KernelVersion = "5.15.0-1051-azure" }), Want: []string{profile.ReasonKernelTooOld}, Message: "5.15.0-1051-azure, and volumes in a user namespace need 6.3: upgrade"},
		"OldKubelet":     {Reason: "The gates are off.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KubeletVersion = "v1.32.9" }), Want: []string{profile.ReasonKubeletTooOld}, Message: "need 1.33: upgrade Kubernetes"},
		"OldContainerd":  {Reason: "It has no cgroup_writable.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://2.0.5" }), Want: []string{profile.ReasonContainerdTooOld}, Message: "upgrade containerd"},
		"CRIO":           {Reason: "Another runtime, another profile.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" }), Want: []string{profile.ReasonOtherRuntime}, Message: "annotate the RuntimeClass vclusterctl.dev/writable-cgroup=crio-annotation"},
		"CRIOAnnotation": {Reason: "Unless the pods ask in its own way.", Ask: profile.Question{Cgroup: profile.CgroupByCRIOAnnotation}, Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" })},
		"CRIONoHandler": {Reason: "It needs a handler of its own there, too.", Ask: profile.Question{Cgroup: profile.CgroupByCRIOAnnotation}, Change: func(n *corev1.Node) {
			n.Status.NodeInfo.ContainerRuntimeVersion, n.Status.RuntimeHandlers = "cri-o://1.33.3", nil
		}, Want: []string{profile.ReasonHandlerMissing}, Message: "io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw in its allowed_annotations"},
		"Both": {Reason: "A host may have nodes of both.", Ask: profile.Question{Cgroup: profile.CgroupByCRIOAnnotation}},
		"AllOld": {
			Reason: "All is said at once, and the handler follows from it.",
			Change: func(n *corev1.Node) {
				n.Status.NodeInfo = corev1.NodeSystemInfo{KernelVersion: "5.4", KubeletVersion: "v1.30.0", ContainerRuntimeVersion: "containerd://1.7.27"}
				n.Status.RuntimeHandlers = nil
			},
			Want: []string{profile.ReasonKubeletTooOld, profile.ReasonKernelTooOld, profile.ReasonContainerdTooOld},
		},
		"NoHandler":    {Reason: "The host is not configured.", Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "runc", Features: profiletest.Features(true)}), Want: []string{profile.ReasonHandlerMissing}, Message: `no handler "vclusterctl-userns": add it`},
		"NoFeatures":   {Reason: "An old runc says nothing.", Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler}), Want: []string{profile.ReasonFeaturesNotStated}, Message: "use runc 1.2"},
		"NoUserns":     {Reason: "A handler without user namespaces would share the host's.", Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler, Features: profiletest.Features(false)}), Want: []string{profile.ReasonNoUserNamespaces}, Message: "has no user namespaces"},
		"OtherHandler": {Reason: "The RuntimeClass may name another one.", Ask: profile.Question{Handler: "mine"}, Want: []string{profile.ReasonHandlerMissing}, Message: `"mine"`},
		"NotSelected":  {Reason: "The RuntimeClass schedules elsewhere.", Ask: profile.Question{NodeSelector: map[string]string{"userns": "yes"}}, Want: []string{profile.ReasonNotSelected}, Message: "userns=yes"},
		"Selected":     {Reason: "Or here.", Ask: profile.Question{NodeSelector: map[string]string{"userns": "yes"}}, Change: func(n *corev1.Node) { n.Labels = map[string]string{"userns": "yes"} }},
	})
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
