package sysbox

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestRuntimeClass(t *testing.T) { profiletest.Classes(t, New()) }

func TestPodShape(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options profile.PodOptions
	}{
		"host-users":      {reason: "Kubernetes gives the user namespace."},
		"seccomp":         {reason: "Another profile's seccomp profile is none of its business.", options: profile.PodOptions{Seccomp: true}},
		"crio-annotation": {reason: "CRI-O does, and then Kubernetes must not.", options: profile.PodOptions{UserNamespace: profile.ByCRIOAnnotation}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			profiletest.Golden(t, "pod-"+name+".yaml", profiletest.YAML(t, New().PodShape(tc.options)))
		})
	}
}

func TestAsk(t *testing.T) {
	crio := profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "cri-o://1.33.3" })
	annotated := profile.Question{UserNamespace: profile.ByCRIOAnnotation}
	profiletest.Ask(t, New(), map[string]profiletest.AskCase{
		"Good":   {Reason: "It has everything."},
		"CRIO":   {Reason: "It hands user namespaces on, too.", Change: crio},
		"NoNode": {Reason: "Sysbox is not there.", Change: profiletest.Handlers(), Want: []string{profile.ReasonHandlerMissing}, Message: `containerd has no handler "sysbox-runc": install Sysbox 0.7.1`},
		"TooOld": {Reason: "Before 0.7.0 it told no features.", Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler}), Want: []string{profile.ReasonFeaturesNotStated}, Message: "use Sysbox 0.7.1"},
		"NoUserns": {
			Reason: "It would make a user namespace of its own, in which networks cannot be set up.",
			Change: profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler, Features: profiletest.Features(false)}), Want: []string{profile.ReasonNoUserNamespaces}, Message: "use Sysbox 0.7.1",
		},
		"Unlabelled": {
			Reason: "The installer has not been there, or is at work.",
			Ask:    profile.Question{NodeSelector: map[string]string{NodeLabel: NodeLabelValue}}, Want: []string{profile.ReasonNotSelected}, Message: "sysbox-runtime=running of the RuntimeClass's scheduling: install Sysbox",
		},
		"OldContainerd": {
			Reason: "It runs the containers of a pod elsewhere.",
			Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "containerd://2.0.4" }), Want: []string{profile.ReasonContainerdTooOld}, Message: "needs 2.0.5",
		},
		"OldKernel":   {Reason: "Secrets could not be mounted.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KernelVersion = "5.19.0" }), Want: []string{profile.ReasonKernelTooOld}},
		"Docker":      {Reason: "It is neither of the two.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { i.ContainerRuntimeVersion = "docker://27" }), Want: []string{profile.ReasonOtherRuntime}, Message: "containerd or cri-o"},
		"Annotated":   {Reason: "The kubelet has no part in it, so nothing must be stated, and 5.19 will do.", Ask: annotated, Change: all(crio, profiletest.Handlers(corev1.NodeRuntimeHandler{Name: Handler}), profiletest.Info(func(i *corev1.NodeSystemInfo) { i.KernelVersion = "5.19.0" }))},
		"NotCRIO":     {Reason: "containerd does not read CRI-O's annotation: the pod would have no user namespace.", Ask: annotated, Want: []string{profile.ReasonOtherRuntime}, Message: "for cri-o"},
		"NotAtCRIO":   {Reason: "Sysbox is not there either way.", Ask: annotated, Change: all(crio, profiletest.Handlers()), Want: []string{profile.ReasonHandlerMissing}, Message: "cri-o has no handler"},
		"OtherName":   {Reason: "The RuntimeClass may name another handler.", Ask: profile.Question{Handler: "mine"}, Want: []string{profile.ReasonHandlerMissing}, Message: `"mine"`},
		"SaysNothing": {Reason: "A node that says nothing but its handlers is not refused.", Change: profiletest.Info(func(i *corev1.NodeSystemInfo) { *i = corev1.NodeSystemInfo{} })},
	})
}

func all(changes ...func(*corev1.Node)) func(*corev1.Node) {
	return func(n *corev1.Node) {
		for _, change := range changes {
			change(n)
		}
	}
}

func TestLoses(t *testing.T) {
	cases := map[string]struct {
		reason string
		path   string
		volume bool
		want   bool
	}{
		"K3sVolume":   {reason: "A volume exactly there takes the place of Sysbox's folder.", path: "/var/lib/rancher/k3s", volume: true},
		"K3sImage":    {reason: "What the image has there is hidden.", path: "/var/lib/rancher/k3s/agent/images", want: true},
		"Above":       {reason: "Sysbox's folder would cover a part of the volume, and lose it.", path: "/var/lib/rancher", volume: true, want: true},
		"Below":       {reason: "Sysbox makes its folder all the same.", path: "/var/lib/rancher/k3s/server", volume: true, want: true},
		"Run":         {reason: "systemd mounts a tmpfs there.", path: "/run/secrets", volume: true, want: true},
		"VarRun":      {reason: "It is the same folder.", path: "/var/run/secrets", volume: true, want: true},
		"K8sVolume":   {reason: "Sysbox knows nothing of it.", path: guestapi.StateDirOf(guestapi.DistroK8s), volume: true},
		"Neighbour":   {reason: "A name that begins alike is another folder.", path: "/var/lib/kubelet2"},
		"NeighbourRn": {reason: "Here, too.", path: "/runner"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Loses(tc.path, tc.volume); got != tc.want {
				t.Errorf("%s Loses(%q, %t) = %t", tc.reason, tc.path, tc.volume, got)
			}
		})
	}
}

// What the node image brings and what is handed in must be seen by the node.
func TestNothingIsHidden(t *testing.T) {
	for _, path := range []string{guestapi.BundledImageDir, guestapi.K3sShareDir, guestapi.K3sDataDir} {
		if Loses(path, false) {
			t.Errorf("Sysbox hides %s of the node image", path)
		}
	}
	for _, path := range []string{guestapi.ConfigDir, guestapi.StateDirOf(guestapi.DistroK3s), guestapi.StateDirOf(guestapi.DistroK8s)} {
		if Loses(path, true) {
			t.Errorf("Sysbox loses the volume at %s", path)
		}
	}
}

func TestHostConfig(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options profile.HostOptions
	}{
		"v2":    {reason: "containerd 2 still reads the format of containerd 1.", options: profile.HostOptions{ContainerdConfig: 2, SystemdCgroup: true}},
		"v3":    {reason: "The format of containerd 2.", options: profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true}},
		"ports": {reason: "Where Sysbox may not set the sysctl, nobody asks it to.", options: profile.HostOptions{ContainerdConfig: 4, BinaryName: "/opt/sysbox-runc", NoUnprivilegedPorts: true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			config, err := New().HostConfig(tc.options)
			if err != nil {
				t.Fatal(err)
			}
			profiletest.Golden(t, "host-"+name+".yaml", profiletest.YAML(t, map[string]any{
				"containerd " + config.Containerd.Name: string(config.Containerd.Data),
				"crio " + config.CRIO.Name:             string(config.CRIO.Data),
				"labels":                               config.NodeLabels,
			}))
		})
	}
	for name, o := range map[string]profile.HostOptions{"Format": {}, "Binary": {ContainerdConfig: 3, BinaryName: "sysbox-runc"}} {
		if _, err := New().HostConfig(o); err == nil || !strings.Contains(err.Error(), "sysbox profile") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
