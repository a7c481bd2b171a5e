package gvisor

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
		"Good":    {Reason: "The handler is there. gVisor states no features.", Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler})},
		"Missing": {Reason: "gVisor is not there.", Change: profiletest.Handlers(), Want: []string{profile.ReasonHandlerMissing}, Message: "install runsc"},
		"OwnName": {Reason: "A site's own handler is gVisor's by its name.", Ask: profile.Question{Handler: "runsc"}, Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "runsc"})},
		"Foreign": {Reason: "Under runc the pod could mount on the host's kernel.", Ask: profile.Question{Handler: "crun"}, Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: "crun"}), Want: []string{profile.ReasonForeignHandler}, Message: `handler "crun"`},
		"CRIO":    {Reason: "The profile does not know how to configure it.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" }), Want: []string{profile.ReasonOtherRuntime}},
	})
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
