package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualClusterStatus is what the controller observed and decided.
type VirtualClusterStatus struct {
	// conditions are the cluster's state: Ready sums up RuntimeReady,
	// ControlPlaneReady, NodesReady, KubeconfigReady and Isolated; StateKept
	// and UpToDate say what does not keep it from working; Stalled is there
	// while only the user can go on, and Expiring shortly before the cluster
	// is deleted. Each message says what to do next.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that this status is
	// about.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// endpoint is the address of the API, as https://host:port.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Endpoint string `json:"endpoint,omitempty"`

	// resolved are the values in force, among them those that the spec left
	// open. They are chosen once.
	// +optional
	Resolved *Resolved `json:"resolved,omitempty"`

	// kubeconfigSecretRef names the Secret of this namespace that holds the
	// administrator's kubeconfig, under the keys "value" and "config".
	// +optional
	KubeconfigSecretRef *corev1.LocalObjectReference `json:"kubeconfigSecretRef,omitempty"`

	// identityFingerprint is that of the cluster's certificate authorities.
	// They are made once; if they are gone, the cluster is reported as lost
	// and nothing is made anew.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	IdentityFingerprint string `json:"identityFingerprint,omitempty"`

	// expiresAt is when the cluster is deleted, as spec.lifecycle.ttlSeconds
	// says. It is left out while nobody asks for that.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// state is the one that the servers run on.
	// +optional
	State *StateStatus `json:"state,omitempty"`

	// runtime are the runtime profiles in use.
	// +optional
	Runtime *RuntimeStatus `json:"runtime,omitempty"`

	// isolation is the proof that the node pods are isolated: each fact with
	// who says so.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Isolation []IsolationFact `json:"isolation,omitempty"`

	// servers counts the server pods. A paused cluster has none that are
	// ready.
	// +optional
	Servers *NodeGroupStatus `json:"servers,omitempty"`

	// pools counts the node pods of each pool, as servers does.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Pools []PoolStatus `json:"pools,omitempty"`

	// nodes is the number of nodes that are Ready inside.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Nodes int32 `json:"nodes"`

	// timeline are the milestones of the youngest boot of the first server,
	// oldest first.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Timeline []TimelineEntry `json:"timeline,omitempty"`
}

// Resolved holds every value in force. Those that the spec left open were
// chosen once.
type Resolved struct {
	// distro that runs inside.
	// +required
	Distro Distro `json:"distro,omitempty"`

	// distroReason says why it is this one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	DistroReason string `json:"distroReason,omitempty"`

	// version of Kubernetes, for example v1.36.3.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// image of the nodes.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// podCIDR is the range of pod addresses inside.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	PodCIDR string `json:"podCIDR,omitempty"`

	// serviceCIDR is the range of Service addresses inside.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ServiceCIDR string `json:"serviceCIDR,omitempty"`

	// clusterDomain is the DNS domain of Services inside.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	ClusterDomain string `json:"clusterDomain,omitempty"`

	// datastore that keeps the cluster's objects: etcd or sqlite.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Datastore string `json:"datastore,omitempty"`

	// controlPlaneOnly is true where the servers are no nodes of the cluster.
	// Left out, it is false.
	// +optional
	ControlPlaneOnly *bool `json:"controlPlaneOnly,omitempty"`

	// templateRevision pins the shape of the node pods: a newer controller
	// does not restart them.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TemplateRevision string `json:"templateRevision,omitempty"`
}

// IsControlPlaneOnly says whether the servers are no nodes of the cluster.
func (r *Resolved) IsControlPlaneOnly() bool {
	return r != nil && r.ControlPlaneOnly != nil && *r.ControlPlaneOnly
}

// StateStatus is the state that the servers run on: what was stored inside.
type StateStatus struct {
	// id is the UID of the namespace kube-system inside, which a datastore gets
	// when it is empty. Another one means that the state of before is not there.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id,omitempty"`

	// lostAt is when the pod was made that came up without the state of
	// before. It is left out while none is lost.
	// +optional
	LostAt *metav1.Time `json:"lostAt,omitempty"`

	// lost are the states of before, the oldest first: one of them can come
	// back from a backup. Of many, the first and the latest are kept.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Lost []LostState `json:"lost,omitempty"`
}

// LostState is a state that servers ran on, and then came up without.
type LostState struct {
	// id is the one that the state had.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id,omitempty"`

	// at is when the pod was made that came up without it.
	// +required
	At metav1.Time `json:"at,omitempty,omitzero"`
}

// IsolationFact is one proven property of the node pods.
type IsolationFact struct {
	// name of the fact.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// value found.
	// +required
	// +kubebuilder:validation:MaxLength=2048
	Value string `json:"value"`

	// source of the fact: Host (the admitted pod, which no tenant can touch),
	// Probe (a pod of the controller's on the same node, where no tenant is) or
	// Guest (reported from within before the distro started).
	// +required
	Source FactSource `json:"source,omitempty"`

	// holds says whether the value is what an isolated cluster needs.
	// +required
	Holds bool `json:"holds"`
}

// FactSource says who vouches for a fact.
//
// +kubebuilder:validation:Enum=Host;Probe;Guest
type FactSource string

// The sources of facts.
const (
	// SourceHost is the host cluster: out of a tenant's reach.
	SourceHost FactSource = "Host"
	// SourceProbe is a probe of the same node of the host, under the same
	// runtime: out of a tenant's reach, too.
	SourceProbe FactSource = "Probe"
	// SourceGuest is the node itself, before a tenant could change it.
	SourceGuest FactSource = "Guest"
)

// NodeGroupStatus counts the pods of a group of nodes.
type NodeGroupStatus struct {
	// replicas is the number of node pods wanted while the cluster runs.
	// +required
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// readyReplicas is the number of node pods that are ready.
	// +required
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`
}

// PoolStatus counts the node pods of one pool.
type PoolStatus struct {
	// name of the pool.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	NodeGroupStatus `json:",inline"`

	// runtime is the runtime profile of the pool's pods. It is left out while
	// none is known.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Runtime string `json:"runtime,omitempty"`
}

// TimelineEntry is one milestone of a boot.
type TimelineEntry struct {
	// name of the milestone.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// time at which it passed.
	// +required
	Time metav1.MicroTime `json:"time,omitempty,omitzero"`
}
