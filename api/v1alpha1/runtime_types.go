package v1alpha1

// Runtime says what isolates node pods from their host.
//
// +kubebuilder:validation:XValidation:rule="!has(self.className) || self.?profile.orValue('auto') != 'auto'",fieldPath=".className",message="needs the profile beside it, and not auto, because what pods of that class look like depends on it: set profile to sysbox, userns, kata or gvisor, or leave className out"
type Runtime struct {
	// profile is the runtime profile: sysbox, userns (user namespaces of the
	// installed runtime), kata, gvisor, or auto for the strongest that the
	// host's nodes say they have and whose word is enough: sysbox, then userns.
	// A cluster keeps what auto chose. Left out, it is auto.
	// +optional
	Profile RuntimeProfile `json:"profile,omitempty"`

	// className is a RuntimeClass of the host to use instead of the profile's
	// own, where the administrator allows it. Its handler must be of the
	// profile's kind.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="must be the name of a RuntimeClass of the host"
	ClassName string `json:"className,omitempty"`
}

// RuntimeProfile is the name of a runtime profile.
//
// +kubebuilder:validation:Enum=auto;userns;sysbox;kata;gvisor
type RuntimeProfile string

// The runtime profiles.
const (
	// RuntimeAuto picks the strongest profile that the host's nodes say they
	// have, of those whose word is enough.
	RuntimeAuto RuntimeProfile = "auto"
	// RuntimeSysbox runs node pods under Sysbox, without any added right.
	RuntimeSysbox RuntimeProfile = "sysbox"
	// RuntimeUserns runs node pods in a user namespace of the host's own
	// runtime.
	RuntimeUserns RuntimeProfile = "userns"
	// RuntimeKata runs node pods in virtual machines of their own.
	RuntimeKata RuntimeProfile = "kata"
	// RuntimeGVisor runs node pods on gVisor's kernel, which is for
	// control planes only.
	RuntimeGVisor RuntimeProfile = "gvisor"
)

// InUse is all of it in one word. A status that an older controller wrote has no
// summary.
func (r *RuntimeStatus) InUse() string {
	if r.Summary == "" {
		return r.Servers
	}
	return r.Summary
}

// RuntimeStatus names the runtime profiles in use.
type RuntimeStatus struct {
	// summary is all of it in one word: the profile, or those of the servers
	// and of the pools with a "/" between them where they differ.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=127
	Summary string `json:"summary,omitempty"`

	// servers is the profile of the server pods.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Servers string `json:"servers,omitempty"`

	// pools is the profile of the pools' pods; where pools differ it is a list
	// with commas, and each pool says its own.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Pools string `json:"pools,omitempty"`
}
