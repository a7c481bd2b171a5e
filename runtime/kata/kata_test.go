package kata

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

func TestRuntimeClass(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options profile.ClassOptions
	}{
		"plain":    {reason: "As the chart has it."},
		"selected": {reason: "A site chooses its nodes.", options: profile.ClassOptions{NodeSelector: map[string]string{"a": "1"}, Labels: map[string]string{"x": "y"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			profiletest.Golden(t, "runtimeclass-"+name+".yaml", profiletest.YAML(t, New().RuntimeClass(tc.options)))
		})
	}
}

func TestPodShape(t *testing.T) {
	profiletest.Golden(t, "pod.yaml", profiletest.YAML(t, New().PodShape(profile.PodOptions{})))
}

func TestAsk(t *testing.T) {
	cases := map[string]struct {
		reason  string
		change  func(*corev1.Node)
		ask     profile.Question
		want    []string // reasons
		message string   // a part of the first message
	}{
		"Good":       {reason: "The handler is there. Kata states no features.", change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler})},
		"Missing":    {reason: "Kata is not there.", change: profiletest.Handlers(), want: []string{profile.ReasonHandlerMissing}, message: "install Kata Containers"},
		"Unlabelled": {reason: "The installer has not been there.", ask: profile.Question{NodeSelector: map[string]string{NodeLabel: NodeLabelValue}}, want: []string{profile.ReasonNotSelected}, message: "install Kata Containers"},
		"OwnName":    {reason: "A site's own handler is Kata's by its name.", ask: profile.Question{Handler: "kata-clh"}, change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "kata-clh"})},
		"Foreign":    {reason: "Under runc the pod would be root of the host.", ask: profile.Question{Handler: "runc"}, change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "runc"}), want: []string{profile.ReasonForeignHandler}, message: `handler "runc"`},
		"CRIO":       {reason: "The profile does not know how to configure it.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" }), want: []string{profile.ReasonOtherRuntime}},
		"OldRuntime": {reason: "It has no cgroup_writable.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://2.0.7" }), want: []string{profile.ReasonContainerdTooOld}},
		"OldKernel":  {reason: "The guest brings its own.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KernelVersion = "5.4" })},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			n := profiletest.Node("n", Handler)
			if tc.change != nil {
				tc.change(&n)
			}
			tc.ask.Nodes = []corev1.Node{n}
			got := New().Ask(tc.ask).Nodes[0]
			if diff := cmp.Diff(tc.want, profiletest.Reasons(got)); diff != "" {
				t.Fatalf("%s -want, +got:\n%s", tc.reason, diff)
			}
			if tc.message != "" && !strings.Contains(got.Problems[0].Message, tc.message) {
				t.Errorf("%s message %q does not say %q", tc.reason, got.Problems[0].Message, tc.message)
			}
		})
	}
}

func TestHostConfig(t *testing.T) {
	config, err := New().HostConfig(profile.HostOptions{ContainerdConfig: 3})
	if err != nil {
		t.Fatal(err)
	}
	profiletest.Golden(t, "containerd.toml", config.Containerd.Data)
	for name, o := range map[string]profile.HostOptions{"Format": {}, "Binary": {ContainerdConfig: 3, BinaryName: "shim"}} {
		if _, err := New().HostConfig(o); err == nil || !strings.Contains(err.Error(), "kata profile") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
