package sysbox

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	nodev1ac "k8s.io/client-go/applyconfigurations/node/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// ClassName is the RuntimeClass of node pods. It is not sysbox-runc, which
	// Sysbox's installer makes, without the overhead.
	ClassName = "vclusterctl-sysbox"
	// Handler is what Sysbox's installer calls it on a node.
	Handler = "sysbox-runc"
	// NodeLabel is on nodes whose Sysbox runs, with the value NodeLabelValue.
	// Sysbox's installer takes it away while it upgrades.
	NodeLabel = "sysbox-runtime"
	// NodeLabelValue is the value of NodeLabel.
	NodeLabelValue = "running"
)

// overheadMemory is the resident memory of one containerd shim. Sysbox's daemons
// are the node's, not a pod's.
const overheadMemory = "16Mi"

// Profile is the Sysbox profile. Use New.
type Profile struct{}

var _ profile.Profile = Profile{}

// New returns the profile.
func New() Profile { return Profile{} }

// Knowledge implements profile.Profile.
func (Profile) Knowledge() profile.Knowledge {
	return profile.Knowledge{
		Name:      v1alpha1.RuntimeSysbox,
		ClassName: ClassName,
		Handler:   Handler,
		PodSecurity: profile.PodSecurity{
			Level:  "baseline",
			Reason: "the node pods add no rights, but systemd is root in the pod",
		},
		Limits:   limits(),
		Versions: slices.Clone(versions),
		Summary:  summary(),
	}
}

// RuntimeClass implements profile.Profile. Without a choice of nodes it takes
// those that Sysbox's installer marks.
func (Profile) RuntimeClass(o profile.ClassOptions) *nodev1ac.RuntimeClassApplyConfiguration {
	return profile.Class{
		Name: ClassName, Handler: Handler, Memory: overheadMemory, NodeSelector: map[string]string{NodeLabel: NodeLabelValue},
	}.Build(o)
}

// PodShape implements profile.Profile.
//
// There is no environment: Sysbox itself tells systemd that it is in a
// container, and refuses variables that begin with SYSBOX_ and that it does not
// know, which is why node pods have no service links either.
func (Profile) PodShape(o profile.PodOptions) profile.PodShape {
	shape := profile.PodShape{
		RuntimeClassName: ClassName,
		// With anything else as its first argument Sysbox makes a container, and
		// no machine: not even a shell that goes on to it will do.
		Command: []string{"/sbin/init"},
		// Sysbox adds what systemd needs to the default profile.
		SecurityContext: corev1ac.SecurityContext().
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault)),
	}
	if o.UserNamespace == profile.ByCRIOAnnotation {
		shape.HostUsers = true
		shape.Annotations = profile.AskCRIO()
	}
	return shape
}

// Ask implements profile.Profile.
func (Profile) Ask(q profile.Question) profile.Answer {
	if q.UserNamespace == profile.ByCRIOAnnotation {
		return annotated.Ask(q)
	}
	return needs.Ask(q)
}

// HostConfig implements profile.Profile.
func (Profile) HostConfig(o profile.HostOptions) (profile.HostConfig, error) {
	return hostConfig(o, cmp.Or(o.BinaryName, binary))
}
