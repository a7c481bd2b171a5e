package userns

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
	ClassName = "vclusterctl-userns"
	// Handler is what containerd on a node calls it. It is one of our own: it
	// differs from runc's in that the cgroup of a container is writable.
	Handler = "vclusterctl-userns"
)

// overheadMemory is what a pod costs the node beside its own processes: the
// resident memory of one containerd shim.
const overheadMemory = "16Mi"

// Profile is the userns profile. Use New.
type Profile struct {
	requirements []profile.Requirement
	seccomp      seccompSet
}

var _ profile.Profile = Profile{}

// New returns the profile with everything that a node pod needs.
func New() Profile {
	return withRequirements(requirements())
}

// Without returns the profile with one requirement taken away, for those who
// want to see what it is good for.
func (p Profile) Without(kind profile.Kind, name string) (Profile, error) {
	if !profile.Has(p.requirements, kind, name) {
		return Profile{}, fmt.Errorf("the userns profile has no %s %q to take away: it has %s",
			kind, name, strings.Join(profile.Names(p.requirements, kind), ", "))
	}
	left := slices.DeleteFunc(slices.Clone(p.requirements), func(r profile.Requirement) bool {
		return r.Kind == kind && r.Name == name
	})
	return withRequirements(left), nil
}

func withRequirements(all []profile.Requirement) Profile {
	return Profile{requirements: all, seccomp: newSeccompSet(all)}
}

// Knowledge implements profile.Profile.
func (p Profile) Knowledge() profile.Knowledge {
	return profile.Knowledge{
		Name:      v1alpha1.RuntimeUserns,
		ClassName: ClassName,
		Handler:   Handler,
		PodSecurity: profile.PodSecurity{
			Level:  "privileged",
			Reason: "the baseline level admits no added capabilities, even where they count only inside the pod's user namespace",
		},
		Requirements: slices.Clone(p.requirements),
		Seccomp:      p.seccomp.knowledge(),
		Limits:       limits(),
		Versions:     slices.Clone(versions),
		Summary:      summary(),
	}
}

// RuntimeClass implements profile.Profile.
func (p Profile) RuntimeClass(o profile.ClassOptions) *nodev1ac.RuntimeClassApplyConfiguration {
	return profile.Class{Name: ClassName, Handler: Handler, Memory: overheadMemory}.Build(o)
}

// PodShape implements profile.Profile.
func (p Profile) PodShape(o profile.PodOptions) profile.PodShape {
	shape := profile.PodShape{
		RuntimeClassName: ClassName,
		HostUsers:        false,
		// The guest runs as a unit of systemd, which must be PID 1 itself.
		Command: []string{"/sbin/init"},
		// systemd does not have to guess that it is in a container.
		Env:             []corev1.EnvVar{{Name: "container", Value: "oci"}},
		SecurityContext: p.securityContext(o),
	}
	if o.Cgroup == profile.CgroupByCRIOAnnotation {
		shape.Annotations = profile.AskCRIOForCgroup()
	}
	if o.Seccomp {
		shape.NodeSelector = p.seccomp.nodeLabels()
	}
	return shape
}

func (p Profile) securityContext(o profile.PodOptions) *corev1ac.SecurityContextApplyConfiguration {
	c := corev1ac.SecurityContext().
		WithCapabilities(p.capabilities()).
		WithSeccompProfile(p.seccompProfile(o))
	if profile.Has(p.requirements, profile.KindSetting, profile.SettingProcMount) {
		c.WithProcMount(corev1.UnmaskedProcMount)
	}
	if profile.Has(p.requirements, profile.KindSetting, profile.SettingAppArmor) {
		c.WithAppArmorProfile(corev1ac.AppArmorProfile().WithType(corev1.AppArmorProfileTypeUnconfined))
	}
	return c
}

// capabilities drops everything first: what a container runtime gives by
// default can be configured on the node.
func (p Profile) capabilities() *corev1ac.CapabilitiesApplyConfiguration {
	return profile.Capabilities(p.requirements).WithDrop("ALL")
}

func (p Profile) seccompProfile(o profile.PodOptions) *corev1ac.SeccompProfileApplyConfiguration {
	if !o.Seccomp {
		return corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeUnconfined)
	}
	return corev1ac.SeccompProfile().
		WithType(corev1.SeccompProfileTypeLocalhost).
		WithLocalhostProfile(p.seccomp.localhostProfile())
}
