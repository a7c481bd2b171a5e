package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RuntimeReport is what is known of one runtime on one node of the host: what
// the node says of itself, and what a probe pod found there. The controller
// writes it; it goes with its node.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=runtimereports,singular=runtimereport,scope=Cluster
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Node",type=string,JSONPath=`.spec.nodeName`,description="The node of the host."
// +kubebuilder:printcolumn:name="Runtime",type=string,JSONPath=`.spec.profile`,description="The runtime profile."
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`,description="Whether node pods may run there under it."
// +kubebuilder:printcolumn:name="Probed",type=date,JSONPath=`.status.probe.time`,description="When a probe ended last."
// +kubebuilder:printcolumn:name="Kernel",type=string,priority=1,JSONPath=`.status.node.kernel`
// +kubebuilder:printcolumn:name="Container-Runtime",type=string,priority=1,JSONPath=`.status.node.containerRuntime`
// +kubebuilder:printcolumn:name="Handler",type=string,priority=1,JSONPath=`.status.handler.name`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,description="Why, and what to do."
// +kubebuilder:selectablefield:JSONPath=`.spec.nodeName`
// +kubebuilder:selectablefield:JSONPath=`.spec.profile`
type RuntimeReport struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the report is about.
	// +required
	Spec RuntimeReportSpec `json:"spec,omitzero"`

	// status is what is known.
	// +optional
	Status RuntimeReportStatus `json:"status,omitempty,omitzero"`
}

// RuntimeReportList is a list of RuntimeReports.
//
// +kubebuilder:object:root=true
type RuntimeReportList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list's metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the RuntimeReports.
	Items []RuntimeReport `json:"items"`
}

// RuntimeReportSpec is what a report is about.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a report is about one node and one runtime for good: delete it, and it is made anew where there is need for it"
type RuntimeReportSpec struct {
	// nodeName is the node of the host.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	NodeName string `json:"nodeName,omitempty"`

	// profile is the runtime profile.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Profile string `json:"profile,omitempty"`
}

// RuntimeState says whether node pods may run on a node under a runtime.
//
// +kubebuilder:validation:Enum=NotOffered;Probing;Passed;ControlPlaneOnly;Failed;Inconclusive
type RuntimeState string

// The states of a report. Those of a probe that has ended are its verdicts.
const (
	// StateNotOffered: by what the node says it does not have the runtime.
	StateNotOffered RuntimeState = "NotOffered"
	// StateProbing: nothing is known yet, or something has changed since a probe did not pass.
	StateProbing RuntimeState = "Probing"
)

// RuntimeReportStatus is what is known of a runtime on a node.
type RuntimeReportStatus struct {
	// state says whether node pods may run there.
	// +optional
	State RuntimeState `json:"state,omitempty"`

	// message says why, and what to do.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`

	// handler is what the node says of the runtime's handler. It is left out
	// where the node has none of that name.
	// +optional
	Handler *ReportedHandler `json:"handler,omitempty"`

	// node is what the node says of itself.
	// +optional
	Node *ReportedNode `json:"node,omitempty"`

	// probe is the last one that ended. It stays while a newer one runs.
	// +optional
	Probe *ReportedProbe `json:"probe,omitempty"`
}

// ReportedHandler is a handler as a node describes it.
type ReportedHandler struct {
	// name of the handler.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// features that it says it has: UserNamespaces, RecursiveReadOnlyMounts.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Features []string `json:"features,omitempty"`
}

// ReportedNode is a node as it describes itself.
type ReportedNode struct {
	// kernel is its release.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Kernel string `json:"kernel,omitempty"`

	// containerRuntime and its version, as containerd://2.2.0.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ContainerRuntime string `json:"containerRuntime,omitempty"`

	// kubelet is its version.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Kubelet string `json:"kubelet,omitempty"`

	// bootID is another one after each boot.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	BootID string `json:"bootID,omitempty"`
}

// ReportedProbe is a probe that has ended.
type ReportedProbe struct {
	// time at which it ended.
	// +required
	Time metav1.Time `json:"time,omitempty,omitzero"`

	// verdict of the probe.
	// +required
	Verdict ProbeVerdict `json:"verdict,omitempty"`

	// message says what it came to, and what to do.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`

	// image is the node image that was booted.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// input stands for everything that the outcome depends on and that the host
	// tells: the pod with its image and its security context, the handler, and
	// the node with its kernel, container runtime and boot. With another input a
	// new probe is made.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Input string `json:"input,omitempty"`

	// failures is how many probes of this input in a row have not passed: the
	// more, the longer until the next.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Failures int32 `json:"failures,omitempty"`

	// checks are what the probe tried.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Checks []ProbeCheck `json:"checks,omitempty"`
}
