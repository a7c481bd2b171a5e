package v1alpha1

import corev1 "k8s.io/api/core/v1"

// Network is the cluster's own network, and what it may reach outside.
//
// +kubebuilder:validation:XValidation:rule="!has(self.podCIDR) || !has(self.serviceCIDR) || !isCIDR(self.podCIDR) || !isCIDR(self.serviceCIDR) || !(cidr(self.podCIDR).containsCIDR(self.serviceCIDR) || cidr(self.serviceCIDR).containsCIDR(self.podCIDR))",message="podCIDR and serviceCIDR must not overlap: choose disjoint ranges, or leave one out to have it chosen"
type Network struct {
	// podCIDR is the range of pod addresses inside: an IPv4 network of
	// /8 to /22; each node takes a /24 of it. Left out, one is chosen that is
	// disjoint from the host's. It cannot change once the cluster exists.
	// +optional
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self).ip().family() == 4 && cidr(self).ip().isGlobalUnicast() && cidr(self).masked() == cidr(self) && cidr(self).prefixLength() >= 8 && cidr(self).prefixLength() <= 22",message="must be an IPv4 network of /8 to /22, written with its first address, for example 10.244.0.0/16"
	// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || !cidr('240.0.0.0/4').containsCIDR(self)",message="must not be in 240.0.0.0/4, which is reserved and dropped by most networks: choose a private range, for example 10.244.0.0/16"
	PodCIDR string `json:"podCIDR,omitempty"`

	// serviceCIDR is the range of Service addresses inside: an IPv4 network of
	// /12 to /28. Left out, one is chosen that is disjoint from the host's. It
	// cannot change once the cluster exists.
	// +optional
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self).ip().family() == 4 && cidr(self).ip().isGlobalUnicast() && cidr(self).masked() == cidr(self) && cidr(self).prefixLength() >= 12 && cidr(self).prefixLength() <= 28",message="must be an IPv4 network of /12 to /28, written with its first address, for example 10.96.0.0/16"
	// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || !cidr('240.0.0.0/4').containsCIDR(self)",message="must not be in 240.0.0.0/4, which is reserved and dropped by most networks: choose a private range, for example 10.96.0.0/16"
	ServiceCIDR string `json:"serviceCIDR,omitempty"`

	// clusterDomain is the DNS domain of Services inside. Left out, it is
	// cluster.local. It cannot change once the cluster exists.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="must be a DNS domain in lower case without a trailing dot, for example cluster.local"
	ClusterDomain string `json:"clusterDomain,omitempty"`

	// allow are destinations outside that the node pods may reach although
	// their NetworkPolicy would close them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Allow []NetworkRule `json:"allow,omitempty"`
}

// NetworkRule opens one destination that the cluster's NetworkPolicy would
// otherwise close.
type NetworkRule struct {
	// cidr is the destination, for example 10.0.0.8/32.
	// +required
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self).ip().family() == 4 && cidr(self).masked() == cidr(self)",message="must be an IPv4 network written with its first address; one address is for example 10.0.0.8/32"
	CIDR string `json:"cidr,omitempty"`

	// ports of the destination. Left out, all ports are open.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Ports []NetworkPort `json:"ports,omitempty"`
}

// NetworkPort is one port of a destination.
type NetworkPort struct {
	// protocol is TCP, UDP or SCTP. Left out, it is TCP.
	// +optional
	// +kubebuilder:validation:Enum=TCP;UDP;SCTP
	Protocol corev1.Protocol `json:"protocol,omitempty"`

	// port number.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
}

// Expose says how the API is reached from outside the cluster.
type Expose struct {
	// type of the API's Service: ClusterIP, NodePort or LoadBalancer. Left
	// out, it is ClusterIP: reached within the host, or through a tunnel.
	// +optional
	Type ExposeType `json:"type,omitempty"`

	// annotations are put on the API's Service, for whatever provides load
	// balancers.
	// +optional
	// +mapType=granular
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k.lowerAscii()).hasValue())",message="keys must be annotation keys such as \"example.com/address-pool\""
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(self[k]) <= 1024)",message="values must have at most 1024 characters"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.contains('vclusterctl.dev/'))",message="keys below vclusterctl.dev are the controller's own: use another domain"
	Annotations map[string]string `json:"annotations,omitempty"`

	// extraSANs are further names and addresses by which clients reach the
	// API and that its certificate must therefore carry.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="isIP(self) || !format.dns1123Subdomain().validate(self.startsWith('*.') ? self.substring(2) : self).hasValue()",message="must be an IP address, a DNS name in lower case, or a wildcard such as *.example.com"
	ExtraSANs []string `json:"extraSANs,omitempty"`
}

// ExposeType is a way to reach the API from outside.
//
// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
type ExposeType string

// The ways to reach the API.
const (
	// ExposeClusterIP makes the API reachable within the host only.
	ExposeClusterIP ExposeType = "ClusterIP"
	// ExposeNodePort makes the API reachable on a port of every host node.
	ExposeNodePort ExposeType = "NodePort"
	// ExposeLoadBalancer makes the API reachable through a load balancer.
	ExposeLoadBalancer ExposeType = "LoadBalancer"
)
