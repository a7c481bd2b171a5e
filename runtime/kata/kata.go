package kata

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	nodev1ac "k8s.io/client-go/applyconfigurations/node/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// ClassName is the RuntimeClass of node pods.
	ClassName = "vclusterctl-kata"
	// Handler is one of our own: it differs from kata-qemu's in that the cgroup
	// of a container is writable.
	Handler = "vclusterctl-kata"
	// NodeLabel is put by Kata's installer on nodes that have it, with the value
	// NodeLabelValue.
	NodeLabel = "katacontainers.io/kata-runtime"
	// NodeLabelValue is the value of NodeLabel.
	NodeLabelValue = "true"
)

// What QEMU, virtiofsd and the shim take beside the guest's memory, as Kata's
// own RuntimeClasses have it.
const (
	overheadMemory = "320Mi"
	overheadCPU    = "250m"
)

// Where Kata's installer puts it.
const (
	shim       = "/opt/kata/bin/containerd-shim-kata-v2"
	shimConfig = "/opt/kata/share/defaults/kata-containers/configuration-qemu.toml"
)

// Profile is the Kata profile. Use New.
type Profile struct{}

var _ profile.Profile = Profile{}

// New returns the profile.
func New() Profile { return Profile{} }

// Knowledge implements profile.Profile.
func (Profile) Knowledge() profile.Knowledge {
	return profile.Knowledge{
		Name:      v1alpha1.RuntimeKata,
		ClassName: ClassName,
		Handler:   Handler,
		IsHandler: needs.IsHandler,
		PodSecurity: profile.PodSecurity{
			Level:  "privileged",
			Reason: "the baseline level admits no added capabilities, even where they count only in a virtual machine",
		},
		Requirements: requirements(),
		OwnKernel:    true,
		BlockVolumes: true,
		OnlyByName:   "nothing that a node says tells whether a node pod lives in its virtual machines",
		Limits:       limits(),
		Versions:     slices.Clone(needs.Versions),
		Summary:      summary(),
	}
}

// requirements are what the pod is given.
func requirements() []profile.Requirement {
	return []profile.Requirement{{
		Kind: profile.KindCapability, Name: "ALL",
		Reason:  "Root in the node is root of the guest's kernel, and of nothing else. Which capabilities a node can do without nobody has measured.",
		Without: "systemd exits at boot.",
	}}
}

// RuntimeClass implements profile.Profile. Without a choice of nodes it takes
// those that Kata's installer marks.
func (Profile) RuntimeClass(o profile.ClassOptions) *nodev1ac.RuntimeClassApplyConfiguration {
	return profile.Class{
		Name: ClassName, Handler: Handler, Memory: overheadMemory, CPU: overheadCPU, NodeSelector: map[string]string{NodeLabel: NodeLabelValue},
	}.Build(o)
}

// PodShape implements profile.Profile. There is no hostUsers: false, because
// Kata's shim has no user namespaces, and so no unmasked /proc either: the API
// server wants the one for the other.
func (Profile) PodShape(profile.PodOptions) profile.PodShape {
	return profile.PodShape{
		RuntimeClassName: ClassName,
		HostUsers:        true,
		Command:          []string{"/sbin/init"},
		Env:              []corev1.EnvVar{{Name: "container", Value: "oci"}},
		SecurityContext: corev1ac.SecurityContext().
			WithCapabilities(profile.Capabilities(requirements())).
			// Neither would be the guest's: the one is left to the guest's
			// kernel, the other exists on the host only.
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeUnconfined)).
			WithAppArmorProfile(corev1ac.AppArmorProfile().WithType(corev1.AppArmorProfileTypeUnconfined)),
		// A folder of the host would be virtio-fs; this one is a tmpfs that the
		// guest makes itself.
		EphemeralMedium: corev1.StorageMediumMemory,
	}
}

// needs are what nodes must say. Under any handler but Kata's the pod would be
// root of the host.
var needs = profile.Needs{
	Handler:   Handler,
	IsHandler: func(handler string) bool { return strings.Contains(handler, "kata") },
	Versions: []profile.Minimum{
		{Of: "Kata Containers", Least: "4.0.0", For: "containerd's configuration of version 3 needs"},
		{Of: profile.Kubernetes, Least: "1.33", For: "the host of virtual clusters needs"},
		{Of: profile.Containerd, Least: "2.1", For: "a writable cgroup needs"},
	},
	Runtimes: []string{profile.Containerd},
	Install:  "install Kata Containers there, add the handler to containerd's configuration with cgroup_writable = true and restart containerd",
	Label:    "install Kata Containers there, whose installer labels the node, or label it where that was done by hand",
}

// Ask implements profile.Profile.
func (Profile) Ask(q profile.Question) profile.Answer { return needs.Ask(q) }

// HostConfig implements profile.Profile.
func (Profile) HostConfig(o profile.HostOptions) (profile.HostConfig, error) {
	program := cmp.Or(o.BinaryName, shim)
	if err := profile.CheckBinary(program); err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the kata profile: %w", err)
	}
	h := profile.ContainerdHandler{
		Name: Handler,
		Settings: []profile.Setting{
			{Key: "runtime_type", Value: "io.containerd.kata-qemu.v2"},
			{Key: "runtime_path", Value: program},
			{Key: "cgroup_writable", Value: true, Comment: "systemd in the pod makes cgroups of its own."},
		},
		Options: []profile.Setting{{Key: "ConfigPath", Value: shimConfig}},
	}
	data, err := h.DropIn(o.ContainerdConfig)
	if err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the kata profile: %w", err)
	}
	return profile.HostConfig{
		Containerd: profile.File{Name: "vclusterctl-kata.toml", Data: data},
		Program:    program,
		NodeLabels: map[string]string{NodeLabel: NodeLabelValue},
	}, nil
}
