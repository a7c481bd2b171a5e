package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualCluster is a Kubernetes cluster that runs inside the cluster that
// holds this object.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualclusters,singular=virtualcluster,shortName=vcl,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type VirtualCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   VirtualClusterSpec   `json:"spec,omitempty"`
	Status VirtualClusterStatus `json:"status,omitempty"`
}

// VirtualClusterSpec is what the user wants. Everything left out is chosen
// once by the controller and shown in status.resolved.
type VirtualClusterSpec struct {
	Distro           Distro                        `json:"distro,omitempty"`
	Version          string                        `json:"version,omitempty"`
	Image            string                        `json:"image,omitempty"`
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	Runtime          Runtime                       `json:"runtime,omitempty"`
	Servers          Servers                       `json:"servers,omitempty"`
	Pools            []Pool                        `json:"pools,omitempty"`
	Network          Network                       `json:"network,omitempty"`
	Expose           Expose                        `json:"expose,omitempty"`
	Config           map[string]string             `json:"config,omitempty"`
}

type Distro string

const (
	DistroK8s Distro = "k8s"
	DistroK3s Distro = "k3s"
)

type Runtime struct {
	Profile RuntimeProfile `json:"profile,omitempty"`
}

type RuntimeProfile string

const (
	RuntimeAuto   RuntimeProfile = "auto"
	RuntimeUserns RuntimeProfile = "userns"
)

// NodeScheduling is embedded by servers and pools.
type NodeScheduling struct {
	NodeSelector      map[string]string   `json:"nodeSelector,omitempty"`
	Tolerations       []corev1.Toleration `json:"tolerations,omitempty"`
	Affinity          *corev1.Affinity    `json:"affinity,omitempty"`
	PriorityClassName string              `json:"priorityClassName,omitempty"`
}

type Servers struct {
	Replicas       *int32                      `json:"replicas,omitempty"`
	Resources      corev1.ResourceRequirements `json:"resources,omitempty"`
	Storage        Storage                     `json:"storage,omitempty"`
	NodeScheduling `json:",inline"`
}

type Pool struct {
	Name           string                      `json:"name"`
	Replicas       *int32                      `json:"replicas,omitempty"`
	Resources      corev1.ResourceRequirements `json:"resources,omitempty"`
	Storage        Storage                     `json:"storage,omitempty"`
	Labels         map[string]string           `json:"labels,omitempty"`
	Taints         []corev1.Taint              `json:"taints,omitempty"`
	NodeScheduling `json:",inline"`
}

type Storage struct {
	Size      *resource.Quantity `json:"size,omitempty"`
	ClassName *string            `json:"className,omitempty"`
	Ephemeral *bool              `json:"ephemeral,omitempty"`
}

type Network struct {
	PodCIDR       string        `json:"podCIDR,omitempty"`
	ServiceCIDR   string        `json:"serviceCIDR,omitempty"`
	ClusterDomain string        `json:"clusterDomain,omitempty"`
	Allow         []NetworkRule `json:"allow,omitempty"`
}

// NetworkRule opens one destination that the cluster's NetworkPolicy would
// otherwise close.
type NetworkRule struct {
	CIDR  string        `json:"cidr"`
	Ports []NetworkPort `json:"ports,omitempty"`
}

type NetworkPort struct {
	Protocol corev1.Protocol `json:"protocol,omitempty"`
	Port     int32           `json:"port"`
}

type Expose struct {
	Type        ExposeType        `json:"type,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	ExtraSANs   []string          `json:"extraSANs,omitempty"`
}

type ExposeType string

const (
	ExposeClusterIP    ExposeType = "ClusterIP"
	ExposeNodePort     ExposeType = "NodePort"
	ExposeLoadBalancer ExposeType = "LoadBalancer"
)

// VirtualClusterStatus is what the controller observed and decided.
type VirtualClusterStatus struct {
	// +listType=map
	// +listMapKey=type
	Conditions          []metav1.Condition           `json:"conditions,omitempty"`
	ObservedGeneration  int64                        `json:"observedGeneration,omitempty"`
	Endpoint            string                       `json:"endpoint,omitempty"` // https://host:port
	Resolved            *Resolved                    `json:"resolved,omitempty"`
	KubeconfigSecretRef *corev1.LocalObjectReference `json:"kubeconfigSecretRef,omitempty"`
	IdentityFingerprint string                       `json:"identityFingerprint,omitempty"`
	Runtime             *RuntimeStatus               `json:"runtime,omitempty"`
	Isolation           []IsolationFact              `json:"isolation,omitempty"`
	Servers             *NodeGroupStatus             `json:"servers,omitempty"`
	Pools               []PoolStatus                 `json:"pools,omitempty"`
	Nodes               int32                        `json:"nodes,omitempty"` // Ready nodes inside
	Timeline            []TimelineEntry              `json:"timeline,omitempty"`
}

// Resolved holds every value the user left open, chosen once.
type Resolved struct {
	Distro        Distro `json:"distro"`
	DistroReason  string `json:"distroReason,omitempty"`
	Version       string `json:"version"`
	Image         string `json:"image"`
	PodCIDR       string `json:"podCIDR"`
	ServiceCIDR   string `json:"serviceCIDR"`
	ClusterDomain string `json:"clusterDomain"`
	Datastore     string `json:"datastore"` // etcd, sqlite
	// TemplateRevision pins the shape of the node pods.
	TemplateRevision string `json:"templateRevision"`
}

type RuntimeStatus struct {
	Servers string `json:"servers,omitempty"` // profile in use
	Pools   string `json:"pools,omitempty"`
}

// IsolationFact is one proven property of the node pods.
type IsolationFact struct {
	Name   string     `json:"name"`
	Value  string     `json:"value"`
	Source FactSource `json:"source"`
	// Holds says whether the value is what an isolated cluster needs.
	Holds bool `json:"holds"`
}

type FactSource string

const (
	SourceHost  FactSource = "Host"
	SourceGuest FactSource = "Guest"
)

type NodeGroupStatus struct {
	Replicas      int32 `json:"replicas"`
	ReadyReplicas int32 `json:"readyReplicas"`
}

type PoolStatus struct {
	Name            string `json:"name"`
	NodeGroupStatus `json:",inline"`
}

// TimelineEntry is one milestone of the youngest boot of server-0.
type TimelineEntry struct {
	Name string           `json:"name"`
	Time metav1.MicroTime `json:"time"`
}

// VirtualClusterList is a list of VirtualCluster.
//
// +kubebuilder:object:root=true
type VirtualClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []VirtualCluster `json:"items"`
}

// Condition types, reasons: see conditions.go.
