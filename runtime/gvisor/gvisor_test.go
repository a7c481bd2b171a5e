package gvisor

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
		"Good":    {reason: "The handler is there. gVisor states no features.", change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler})},
		"Missing": {reason: "gVisor is not there.", change: profiletest.Handlers(), want: []string{profile.ReasonHandlerMissing}, message: "install runsc"},
		"OwnName": {reason: "A site's own handler is gVisor's by its name.", ask: profile.Question{Handler: "runsc"}, change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "runsc"})},
		"Foreign": {reason: "Under runc the pod could mount on the host's kernel.", ask: profile.Question{Handler: "crun"}, change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "crun"}), want: []string{profile.ReasonForeignHandler}, message: `handler "crun"`},
		"CRIO":    {reason: "The profile does not know how to configure it.", change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" }), want: []string{profile.ReasonOtherRuntime}},
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
	for name, o := range map[string]profile.HostOptions{"plain": {ContainerdConfig: 3, SystemdCgroup: true}, "elsewhere": {ContainerdConfig: 2, BinaryName: "/opt/runsc"}} {
		t.Run(name, func(t *testing.T) {
			config, err := New().HostConfig(o)
			if err != nil {
				t.Fatal(err)
			}
			profiletest.Golden(t, "containerd-"+name+".toml", config.Containerd.Data)
			profiletest.Golden(t, "runsc-"+name+".toml", config.Runtime.Data)
			if !strings.Contains(string(config.Containerd.Data), config.Runtime.Name) {
				t.Errorf("the shim does not read %s", config.Runtime.Name)
			}
		})
	}
	for name, o := range map[string]profile.HostOptions{"Format": {}, "Binary": {ContainerdConfig: 3, BinaryName: "runsc"}} {
		if _, err := New().HostConfig(o); err == nil || !strings.Contains(err.Error(), "gvisor profile") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
