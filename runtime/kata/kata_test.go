package kata

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

func TestRuntimeClass(t *testing.T) { profiletest.Classes(t, New()) }

func TestPodShape(t *testing.T) {
	profiletest.Golden(t, "pod.yaml", profiletest.YAML(t, New().PodShape(profile.PodOptions{})))
}

func TestAsk(t *testing.T) {
	profiletest.Ask(t, New(), map[string]profiletest.AskCase{
		"Good":       {Reason: "The handler is there. Kata states no features.", Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler})},
		"Missing":    {Reason: "Kata is not there.", Change: profiletest.Handlers(), Want: []string{profile.ReasonHandlerMissing}, Message: "install Kata Containers"},
		"Unlabelled": {Reason: "The installer has not been there.", Ask: profile.Question{NodeSelector: map[string]string{NodeLabel: NodeLabelValue}}, Want: []string{profile.ReasonNotSelected}, Message: "install Kata Containers"},
		"OwnName":    {Reason: "A site's own handler is Kata's by its name.", Ask: profile.Question{Handler: "kata-clh"}, Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "kata-clh"})},
		"Foreign":    {Reason: "Under runc the pod would be root of the host.", Ask: profile.Question{Handler: "runc"}, Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "runc"}), Want: []string{profile.ReasonForeignHandler}, Message: `handler "runc"`},
		"CRIO":       {Reason: "The profile does not know how to configure it.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" }), Want: []string{profile.ReasonOtherRuntime}},
		"OldRuntime": {Reason: "It has no cgroup_writable.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://2.0.7" }), Want: []string{profile.ReasonContainerdTooOld}},
		"OldKernel":  {Reason: "The guest brings its own.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KernelVersion = "5.4" })},
	})
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
