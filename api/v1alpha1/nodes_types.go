package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// ServersPool is the name that servers go by where pools are named; no pool
// may have it.
const ServersPool = "server"

// NodeScheduling says on which nodes of the host the node pods may run. It is
// embedded by servers and pools.
type NodeScheduling struct {
	// nodeSelector are labels that a node of the host must have.
	// +optional
	// +mapType=atomic
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations let the node pods run on tainted nodes of the host.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// affinity attracts the node pods to nodes and pods of the host, or keeps
	// them apart.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// priorityClassName is the PriorityClass of the node pods.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="must be the name of a PriorityClass of the host"
	PriorityClassName string `json:"priorityClassName,omitempty"`
}

// Servers are the nodes that run the control plane.
type Servers struct {
	// replicas is the number of servers. It must be 1: several servers (high
	// availability) are not supported yet. Left out, it is 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:XValidation:rule="self <= 1",message="must be 1: several servers (high availability) are not supported yet; add worker nodes with spec.pools"
	Replicas *int32 `json:"replicas,omitempty"`

	// runtime is what isolates the server pods from their host. Left out, it
	// is the cluster's: spec.runtime, as a whole.
	// +optional
	Runtime Runtime `json:"runtime,omitempty,omitzero"`

	// controlPlaneOnly makes servers run the control plane and nothing else:
	// they are no nodes of the cluster, have no kubelet, and pods run in pools
	// only. The API then reaches no Services inside, so that admission webhooks
	// and aggregated APIs served by pods do not work. Left out, it is true where
	// the servers' runtime can run no pods (gvisor), and false otherwise. It
	// cannot change once the cluster exists, and needs distro k8s.
	// +optional
	ControlPlaneOnly *bool `json:"controlPlaneOnly,omitempty"`

	// resources are what each server pod requests from the host, and its
	// limits.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.claims)",message="claims are not supported: node pods take requests and limits only"
	Resources corev1.ResourceRequirements `json:"resources,omitempty,omitzero"`

	// storage holds the state of each server: datastore, kubelet and
	// containers. It cannot change once the cluster exists.
	// +optional
	Storage Storage `json:"storage,omitempty,omitzero"`

	NodeScheduling `json:",inline"`
}

// Pool is a group of like worker nodes.
//
// +kubebuilder:validation:XValidation:rule="has(self.storage) == has(oldSelf.storage)",message="storage cannot be added to a pool or removed from it once the pool exists: add a pool with the other storage and remove this one"
type Pool struct {
	// name is the pool's name. Its nodes are called <name>-0, <name>-1, ...
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	// +kubebuilder:validation:XValidation:rule="!format.dns1035Label().validate(self).hasValue()",message="must be a DNS label: lower case letters, digits and '-', starting with a letter and ending with a letter or digit, for example \"workers\""
	// +kubebuilder:validation:XValidation:rule="self != 'server'",message="must not be \"server\", which is what the servers are called: choose another name"
	Name string `json:"name,omitempty"`

	// replicas is the number of nodes. Left out, it is 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Replicas *int32 `json:"replicas,omitempty"`

	// runtime is what isolates the pods of this pool from their host. Left
	// out, it is the cluster's: spec.runtime, as a whole.
	// +optional
	// +kubebuilder:validation:XValidation:rule=`self.?profile.orValue("") != "gvisor"`,fieldPath=".profile",message="gvisor is for control planes alone, because its kernel lacks what kube-proxy needs (google/gvisor#14637): use sysbox, userns or kata for workers"
	Runtime Runtime `json:"runtime,omitempty,omitzero"`

	// resources are what each node pod requests from the host, and its
	// limits.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.claims)",message="claims are not supported: node pods take requests and limits only"
	Resources corev1.ResourceRequirements `json:"resources,omitempty,omitzero"`

	// storage holds the state of each node: kubelet and containers. It cannot
	// change once the pool exists.
	// +optional
	Storage Storage `json:"storage,omitempty,omitzero"`

	// labels of the nodes inside.
	// +optional
	// +mapType=granular
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="keys must be label keys such as \"example.com/tier\""
	// +kubebuilder:validation:XValidation:rule="self.all(k, !(k.contains('kubernetes.io/') || k.contains('k8s.io/')) || k.startsWith('node.kubernetes.io/') || k == 'topology.kubernetes.io/zone' || k == 'topology.kubernetes.io/region')",message="of the labels below kubernetes.io and k8s.io a node may only set node.kubernetes.io/*, topology.kubernetes.io/zone and topology.kubernetes.io/region on itself: use a domain of your own"
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// taints that the nodes inside register with.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +listMapKey=effect
	// +kubebuilder:validation:MaxItems=32
	Taints []Taint `json:"taints,omitempty"`

	NodeScheduling `json:",inline"`
}

// LabelValue is the value of a label or taint.
//
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="!format.labelValue().validate(self).hasValue()",message="must be a label value: empty, or letters, digits, '-', '_' and '.', starting and ending with a letter or digit"
type LabelValue string

// Taint keeps pods inside off a node unless they tolerate it.
type Taint struct {
	// key of the taint, for example "example.com/dedicated".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="!format.qualifiedName().validate(self).hasValue()",message="must be a label key such as \"example.com/dedicated\""
	Key string `json:"key,omitempty"`

	// value of the taint.
	// +optional
	// +kubebuilder:validation:MinLength=1
	Value LabelValue `json:"value,omitempty"`

	// effect on pods that do not tolerate the taint: NoSchedule,
	// PreferNoSchedule or NoExecute.
	// +required
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	Effect corev1.TaintEffect `json:"effect,omitempty"`
}

// Storage is the one volume that holds the state of a node.
//
// +kubebuilder:validation:XValidation:rule="has(self.size) == has(oldSelf.size) && (!has(self.size) || self.size == oldSelf.size)",fieldPath=".size",message="cannot change once the nodes exist: volumes are not resized yet"
// +kubebuilder:validation:XValidation:rule="has(self.className) == has(oldSelf.className) && (!has(self.className) || self.className == oldSelf.className)",fieldPath=".className",message="cannot change once the nodes exist: a volume stays in its StorageClass"
// +kubebuilder:validation:XValidation:rule="has(self.ephemeral) == has(oldSelf.ephemeral) && (!has(self.ephemeral) || self.ephemeral == oldSelf.ephemeral)",fieldPath=".ephemeral",message="cannot change once the nodes exist: their state is not moved"
// +kubebuilder:validation:XValidation:rule="!has(self.ephemeral) || !self.ephemeral || (!has(self.size) && !has(self.className))",message="ephemeral storage has neither size nor className: leave those out, or leave ephemeral out for a persistent volume"
type Storage struct {
	// size of the persistent volume, for example 10Gi.
	// +optional
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="isQuantity(self) && quantity(self).compareTo(quantity('1Gi')) >= 0",message="must be a quantity of at least 1Gi, for example 10Gi: a node keeps its images and containers there"
	Size *resource.Quantity `json:"size,omitempty"`

	// className is the StorageClass of the persistent volume. Left out, it is
	// the host's default.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="must be the name of a StorageClass of the host"
	ClassName *string `json:"className,omitempty"`

	// ephemeral keeps the state in the pod instead of on a persistent volume:
	// it is lost with the pod.
	// +optional
	Ephemeral *bool `json:"ephemeral,omitempty"`
}
