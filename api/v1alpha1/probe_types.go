package v1alpha1

// ProbeVerdict says what a probe of a node came to.
//
// +kubebuilder:validation:Enum=Passed;ControlPlaneOnly;Failed;Inconclusive
type ProbeVerdict string

// The verdicts of a probe.
const (
	// ProbePassed: node pods of every kind run there.
	ProbePassed ProbeVerdict = "Passed"
	// ProbeControlPlaneOnly: the node image boots, but pods inside would not
	// run: good for servers that run none.
	ProbeControlPlaneOnly ProbeVerdict = "ControlPlaneOnly"
	// ProbeFailed: no node pod runs there.
	ProbeFailed ProbeVerdict = "Failed"
	// ProbeInconclusive: the probe did not get as far as to tell.
	ProbeInconclusive ProbeVerdict = "Inconclusive"
)

// ProbeWeight says what fails without what a check is about.
//
// +kubebuilder:validation:Enum=Boot;Pods;Comfort
type ProbeWeight string

// The weights of checks.
const (
	// WeightBoot: without it no node pod is of use.
	WeightBoot ProbeWeight = "Boot"
	// WeightPods: without it pods inside do not run.
	WeightPods ProbeWeight = "Pods"
	// WeightComfort: without it nodes run degraded, and say so.
	WeightComfort ProbeWeight = "Comfort"
)

// ProbeCheck is one thing that a probe tried.
type ProbeCheck struct {
	// name of the check.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// ok says whether the node has what is needed.
	// +required
	OK bool `json:"ok"`

	// weight says what fails without it.
	// +required
	Weight ProbeWeight `json:"weight,omitempty"`

	// found is what there is.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Found string `json:"found,omitempty"`

	// needed is what there should be.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Needed string `json:"needed,omitempty"`

	// remedy is what to do about a check that is not ok.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Remedy string `json:"remedy,omitempty"`
}
