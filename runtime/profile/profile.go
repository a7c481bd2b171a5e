package profile

import (
	nodev1ac "k8s.io/client-go/applyconfigurations/node/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Profile is our knowledge of one runtime. All of it is pure: equal input gives
// equal output.
type Profile interface {
	// Knowledge returns what holds on every host.
	Knowledge() Knowledge
	// RuntimeClass builds the class that node pods name.
	RuntimeClass(o ClassOptions) *nodev1ac.RuntimeClassApplyConfiguration
	// PodShape says how a node pod must look under this runtime.
	PodShape(o PodOptions) PodShape
	// HostConfig says what a host node must be given to offer this runtime.
	HostConfig(o HostOptions) (HostConfig, error)
	// Ask finds out which nodes offer this runtime as far as they say.
	Ask(q Question) Answer
}

// Knowledge is what holds on every host.
type Knowledge struct {
	// Name of the profile, as in spec.runtime.profile.
	Name v1alpha1.RuntimeProfile
	// ClassName is the RuntimeClass, Handler what the container runtime on the
	// node calls it.
	ClassName string
	Handler   string
	// IsHandler tells the handlers by whose name this runtime is known; nil for
	// one that is known by its own handler alone.
	IsHandler func(handler string) bool
	// PodSecurity is what the namespace of the node pods must allow.
	PodSecurity PodSecurity
	// Requirements is everything a node pod is given, each with its reason.
	Requirements []Requirement
	// Seccomp is the profile to put on the nodes, nil where the runtime brings
	// its own.
	Seccomp *Seccomp
	// OwnKernel is true where a node pod does not share its host's kernel, and
	// needs no user namespace to be kept off it.
	OwnKernel bool
	// BlockVolumes is true where state that is kept needs a block device: a folder
	// of the host is of no use.
	BlockVolumes bool
	// OnlyByName says why "auto" does not take this profile whatever nodes say;
	// empty where their word is enough.
	OnlyByName string
	// Limits are what the runtime does not support.
	Limits []Limit
	// Versions are the oldest that will do, those included that nodes do not
	// tell.
	Versions []Minimum
	// Summary is for people.
	Summary Summary
}

// Summary says in words what to expect of a runtime.
type Summary struct {
	// Title is what the runtime calls itself.
	Title string
	// Isolation is what stands between a tenant and the host.
	Isolation string
	// Distros that can run under it.
	Distros []v1alpha1.Distro
	// Storage that the state of a node may have.
	Storage string
	// Inside is what pods of a virtual cluster may be.
	Inside Inside
	// Measured is what was measured of start-up and memory, and where.
	Measured string
	// Proven is true if the tests of this repository run virtual clusters under
	// it, and Proof says what they do, or what was tried by other means.
	Proven bool
	Proof  string
}

// Inside says what works in a virtual cluster.
type Inside struct {
	PrivilegedPods, LoadBalancers, CSI string
}

// ClassOptions vary a RuntimeClass.
type ClassOptions struct {
	// NodeSelector restricts the class to nodes with these labels; empty means
	// that every node of the host has the handler.
	NodeSelector map[string]string
	// Labels of the object.
	Labels map[string]string
}

// Handles says whether a handler is this runtime's by its name.
func (k Knowledge) Handles(handler string) bool {
	return handler == k.Handler || k.IsHandler != nil && k.IsHandler(handler)
}
