package profile

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// LimitReason says in one word what a runtime does not support.
type LimitReason string

// The reasons of limits.
const (
	// LimitWorkers: nodes that run pods.
	LimitWorkers LimitReason = "Workers"
	// LimitDistro: one of the distros.
	LimitDistro LimitReason = "Distro"
	// LimitStorage: a way of keeping a node's state.
	LimitStorage LimitReason = "Storage"
	// LimitResources: nodes that do not say how much they may use.
	LimitResources LimitReason = "Resources"
	// LimitInside: something that runs inside a virtual cluster, which nobody
	// can tell beforehand.
	LimitInside LimitReason = "Inside"
	// LimitHost: something about the host that its nodes do not tell.
	LimitHost LimitReason = "Host"
)

// Limit is something that a runtime does not support.
type Limit struct {
	Reason LimitReason
	// What is not supported.
	What string
	// Why it is not.
	Why string
	// Remedy is what to do instead.
	Remedy string
	// Issue is where the makers of the runtime discuss it, as
	// owner/repository#number; empty where there is no such place.
	Issue string
	// Hits says whether nodes ask for it. It is nil for what no nodes ask for,
	// which is for the documentation only.
	Hits func(Nodes) bool
}

// String says in one line what is not supported, why, and what to do.
func (l Limit) String() string {
	why := l.Why
	if l.Issue != "" {
		why += ", " + l.Issue
	}
	return l.What + " (" + why + "): " + l.Remedy
}

// Nodes are equal nodes that somebody wants to run under a runtime.
type Nodes struct {
	Distro v1alpha1.Distro
	// Workers is true where they run pods, be they servers or not.
	Workers bool
	// Ephemeral is true where their state goes with the pod.
	Ephemeral bool
	// Block is true where it is on a block device, which is theirs to mount.
	Block     bool
	Resources corev1.ResourceRequirements
}

// Refusals are the limits that nodes hit, all of them.
func (k Knowledge) Refusals(n Nodes) []Limit {
	return slices.DeleteFunc(slices.Clone(k.Limits), func(l Limit) bool { return l.Hits == nil || !l.Hits(n) })
}
