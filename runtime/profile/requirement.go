package profile

import "slices"

// Kind says what a requirement takes from the pod's isolation.
type Kind string

// The kinds of requirements.
const (
	// KindCapability is a capability, named without CAP_ as in a pod.
	KindCapability Kind = "Capability"
	// KindSyscall is a system call that the container runtime's own default
	// seccomp profile does not allow.
	KindSyscall Kind = "Syscall"
	// KindAbsentSyscall is a system call that is answered as though the kernel
	// did not have it, where that default profile forbids it: programs know how
	// to do without the one, and give up on the other.
	KindAbsentSyscall Kind = "AbsentSyscall"
	// KindSetting is a field of the security context.
	KindSetting Kind = "Setting"
)

// The settings that a requirement of KindSetting can name.
const (
	SettingProcMount = "procMount"
	SettingAppArmor  = "appArmorProfile"
)

// Requirement is one thing that a node pod is given, and why.
type Requirement struct {
	Kind Kind
	Name string
	// Reason says who in the node needs it and what for.
	Reason string
	// Without says what fails without it.
	Without string
	// Symptom is a part of the message that has been seen without it; empty
	// where nobody has tried.
	Symptom string
	// InDefault is true for a capability that the container runtime gives to
	// any container: the pod asks for nothing more than usual.
	InDefault bool
}

// Names returns the names of all requirements of a kind, in their order.
func Names(requirements []Requirement, kind Kind) []string {
	var names []string
	for _, r := range requirements {
		if r.Kind == kind {
			names = append(names, r.Name)
		}
	}
	return names
}

// Has says whether a requirement is among others.
func Has(requirements []Requirement, kind Kind, name string) bool {
	return slices.Contains(Names(requirements, kind), name)
}
