package gvisor

import (
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
	ClassName = "vclusterctl-gvisor"
	// Handler is one of our own: it differs from runsc's in that containers have
	// cgroups of version 2, which systemd needs.
	Handler = "vclusterctl-gvisor"
)

// overheadMemory is for the shim and the gofer. The sentry's own memory was
// measured with that of the processes in it, and both together took less than
// the processes bare.
const overheadMemory = "32Mi"

// runscConfig is where runsc finds its flags.
const runscConfig = "/etc/containerd/vclusterctl-gvisor.toml"

// Profile is the gVisor profile. Use New.
type Profile struct{}

var _ profile.Profile = Profile{}

// New returns the profile.
func New() Profile { return Profile{} }

// Knowledge implements profile.Profile.
func (Profile) Knowledge() profile.Knowledge {
	return profile.Knowledge{
		Name:      v1alpha1.RuntimeGVisor,
		ClassName: ClassName,
		Handler:   Handler,
		IsHandler: needs.IsHandler,
		PodSecurity: profile.PodSecurity{
			Level:  "privileged",
			Reason: "the baseline level admits no added capabilities, even where they count only in gVisor's kernel",
		},
		Requirements: requirements(),
		OwnKernel:    true,
		OnlyByName:   "it is for control planes alone",
		Limits:       limits(),
		Versions:     slices.Clone(needs.Versions),
		Summary:      summary(),
	}
}

// requirements are what the pod is given.
func requirements() []profile.Requirement {
	return []profile.Requirement{{
		Kind: profile.KindCapability, Name: "SYS_ADMIN",
		Reason:  "systemd mounts file systems, which are gVisor's own.",
		Without: "systemd exits at boot.",
	}}
}

// RuntimeClass implements profile.Profile.
func (Profile) RuntimeClass(o profile.ClassOptions) *nodev1ac.RuntimeClassApplyConfiguration {
	return profile.Class{Name: ClassName, Handler: Handler, Memory: overheadMemory}.Build(o)
}

// PodShape implements profile.Profile. A user namespace would add nothing:
// the sentry runs in one of its own, without capabilities.
func (Profile) PodShape(profile.PodOptions) profile.PodShape {
	return profile.PodShape{
		RuntimeClassName: ClassName,
		HostUsers:        true,
		Command:          []string{"/sbin/init"},
		Env:              []corev1.EnvVar{{Name: "container", Value: "oci"}},
		// gVisor puts a filter on itself, and gives its containers none.
		SecurityContext: corev1ac.SecurityContext().WithCapabilities(profile.Capabilities(requirements())).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault)),
	}
}

// needs are what nodes must say. Under any handler but gVisor's the pod could
// mount on the host's kernel, as root.
var needs = profile.Needs{
	Handler: Handler,
	IsHandler: func(handler string) bool {
		return strings.Contains(handler, "gvisor") || strings.Contains(handler, "runsc")
	},
	Versions: []profile.Minimum{
		{Of: "runsc", Least: "release-20260831", For: "systemd needs"},
		{Of: profile.Kubernetes, Least: "1.33", For: "the host of virtual clusters needs"},
		{Of: profile.Containerd, Least: "2.1", For: "a writable cgroup needs"},
	},
	Runtimes: []string{profile.Containerd},
	Install:  "install runsc and its shim there, add the handler to containerd's configuration and restart containerd",
}

// Ask implements profile.Profile.
func (Profile) Ask(q profile.Question) profile.Answer { return needs.Ask(q) }

// HostConfig implements profile.Profile.
func (Profile) HostConfig(o profile.HostOptions) (profile.HostConfig, error) {
	if err := profile.CheckBinary(o.BinaryName); err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the gvisor profile: %w", err)
	}
	h := profile.ContainerdHandler{
		Name: Handler,
		Settings: []profile.Setting{
			{Key: "runtime_type", Value: "io.containerd.runsc.v1"},
			{Key: "cgroup_writable", Value: true, Comment: "systemd in the pod makes cgroups of its own, which are gVisor's."},
		},
		Options: []profile.Setting{
			{Key: "TypeUrl", Value: "io.containerd.runsc.v1.options"},
			{Key: "ConfigPath", Value: runscConfig},
		},
	}
	data, err := h.DropIn(o.ContainerdConfig)
	if err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the gvisor profile: %w", err)
	}
	return profile.HostConfig{
		Containerd: profile.File{Name: "vclusterctl-gvisor.toml", Data: data},
		Runtime:    &profile.File{Name: runscConfig, Data: runsc(o)},
	}, nil
}

// runsc are the flags of runsc, and where it is unless it is in the PATH.
func runsc(o profile.HostOptions) []byte {
	var b strings.Builder
	if o.BinaryName != "" {
		fmt.Fprintf(&b, "binary_name = %q\n\n", o.BinaryName)
	}
	b.WriteString("[runsc_config]\n")
	b.WriteString("  # With cgroups of version 1, 15 of systemd's units fail.\n")
	b.WriteString("  in-sandbox-cgroup = \"v2\"\n")
	fmt.Fprintf(&b, "  systemd-cgroup = \"%t\"\n", o.SystemdCgroup)
	return []byte(b.String())
}
