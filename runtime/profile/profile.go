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
	// PodSecurity is what the namespace of the node pods must allow.
	PodSecurity PodSecurity
	// Requirements is everything a node pod is given, each with its reason.
	Requirements []Requirement
	// Seccomp is the profile to put on the nodes, nil where the runtime brings
	// its own.
	Seccomp *Seccomp
}

// ClassOptions vary a RuntimeClass.
type ClassOptions struct {
	// NodeSelector restricts the class to nodes with these labels; empty means
	// that every node of the host has the handler.
	NodeSelector map[string]string
	// Labels of the object.
	Labels map[string]string
}
