package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualCluster is a Kubernetes cluster that runs inside the cluster that
// holds this object: its nodes are unprivileged pods of this namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=virtualclusters,singular=virtualcluster,shortName=vcl,scope=Namespaced
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether a pod can start inside."
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not."
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.resolved.version`,description="Version of Kubernetes inside."
// +kubebuilder:printcolumn:name="Runtime",type=string,JSONPath=`.status.runtime.summary`,description="Runtime profile of the nodes, or of servers/pools where they differ."
// +kubebuilder:printcolumn:name="Servers",type=integer,JSONPath=`.status.servers.readyReplicas`,description="Servers whose API serves."
// +kubebuilder:printcolumn:name="Nodes",type=integer,JSONPath=`.status.nodes`,description="Nodes that are ready inside."
// +kubebuilder:printcolumn:name="Endpoint",type=string,priority=1,JSONPath=`.status.endpoint`,description="Address of the API."
// +kubebuilder:printcolumn:name="UpToDate",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="UpToDate")].status`,description="Whether its nodes are made as new ones are; False is no fault."
// +kubebuilder:printcolumn:name="Expires",type=string,priority=1,JSONPath=`.status.expiresAt`,description="When it is deleted; empty if nobody asked for that."
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.status.resolved.distro`
// +kubebuilder:selectablefield:JSONPath=`.status.resolved.version`
// +kubebuilder:selectablefield:JSONPath=`.status.runtime.servers`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be a DNS label: lower case letters, digits and '-', starting with a letter and ending with a letter or digit, for example \"dev\""
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 45",message="metadata.name must have at most 45 characters, because its servers are called <name>-server and that may have 52: choose a shorter name"
// +kubebuilder:validation:XValidation:rule="!has(self.spec) || !has(self.spec.pools) || self.spec.pools.all(p, size(self.metadata.name) + 1 + size(p.name) <= 52)",message="metadata.name, a '-' and each spec.pools[].name must have at most 52 characters together: shorten the pool's name"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?distro.hasValue() ? self.spec.distro == oldSelf.?spec.?distro.or(self.?status.?resolved.?distro).orValue("") : !oldSelf.?spec.?distro.hasValue()`,message="spec.distro cannot change once the cluster exists; left open, it can only be set to the value in status.resolved.distro"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?version.hasValue() ? self.spec.version == oldSelf.?spec.?version.or(self.?status.?resolved.?version).orValue("") : !oldSelf.?spec.?version.hasValue()`,message="spec.version cannot change yet, because upgrades are not supported; left open, it can only be set to the value in status.resolved.version"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?image.hasValue() ? self.spec.image == oldSelf.?spec.?image.or(self.?status.?resolved.?image).orValue("") : !oldSelf.?spec.?image.hasValue()`,message="spec.image cannot change yet, because upgrades are not supported; left open, it can only be set to the value in status.resolved.image"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?network.?podCIDR.hasValue() ? self.spec.network.podCIDR == oldSelf.?spec.?network.?podCIDR.or(self.?status.?resolved.?podCIDR).orValue("") : !oldSelf.?spec.?network.?podCIDR.hasValue()`,message="spec.network.podCIDR cannot change once the cluster exists; left open, it can only be set to the value in status.resolved.podCIDR"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?network.?serviceCIDR.hasValue() ? self.spec.network.serviceCIDR == oldSelf.?spec.?network.?serviceCIDR.or(self.?status.?resolved.?serviceCIDR).orValue("") : !oldSelf.?spec.?network.?serviceCIDR.hasValue()`,message="spec.network.serviceCIDR cannot change once the cluster exists; left open, it can only be set to the value in status.resolved.serviceCIDR"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?network.?clusterDomain.hasValue() ? self.spec.network.clusterDomain == oldSelf.?spec.?network.?clusterDomain.or(self.?status.?resolved.?clusterDomain).orValue("") : !oldSelf.?spec.?network.?clusterDomain.hasValue()`,message="spec.network.clusterDomain cannot change once the cluster exists; left open, it can only be set to the value in status.resolved.clusterDomain"
// +kubebuilder:validation:XValidation:rule=`self.?spec.?servers.?controlPlaneOnly.hasValue() ? self.spec.servers.controlPlaneOnly == oldSelf.?spec.?servers.?controlPlaneOnly.or(self.?status.?resolved.?controlPlaneOnly).orValue(false) : !oldSelf.?spec.?servers.?controlPlaneOnly.hasValue()`,message="spec.servers.controlPlaneOnly cannot change once the cluster exists; left open, it can only be set to the value in status.resolved.controlPlaneOnly, or to false where there is none"
// +kubebuilder:validation:XValidation:rule="self.?spec.?servers.?storage.hasValue() == oldSelf.?spec.?servers.?storage.hasValue()",message="spec.servers.storage cannot be added or removed once the cluster exists: create a new cluster to use other storage"
type VirtualCluster struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the cluster should be. Everything left out is chosen once
	// by the controller and shown in status.resolved.
	// +optional
	Spec VirtualClusterSpec `json:"spec,omitempty,omitzero"`

	// status is what the controller observed and decided.
	// +optional
	Status VirtualClusterStatus `json:"status,omitempty,omitzero"`
}

// VirtualClusterSpec is what the user wants. Everything left out is chosen
// once by the controller and shown in status.resolved.
//
// +kubebuilder:validation:XValidation:rule=`self.?runtime.?profile.orValue("") != "gvisor" || !has(self.pools) || self.pools.all(p, p.?runtime.?profile.hasValue())`,fieldPath=".runtime.profile",message="gvisor is for control planes alone (its kernel lacks what kube-proxy needs, google/gvisor#14637): give every pool a runtime.profile of its own, for example userns, or set gvisor in spec.servers.runtime only"
// +kubebuilder:validation:XValidation:rule="!has(self.config) || self.config.all(k, k.contains('.')) || has(self.distro) && self.distro == 'k3s'",message="spec.config has a key without a component, which only K3s knows: write <component>.<flag>, or set spec.distro to k3s"
// +kubebuilder:validation:XValidation:rule=`!self.?servers.?controlPlaneOnly.orValue(false) || self.?distro.orValue("") != "k3s"`,fieldPath=".servers.controlPlaneOnly",message="must not be true with distro k3s, which has not been tried without its agent: set distro to k8s, or leave it out"
// +kubebuilder:validation:XValidation:rule="!self.?lifecycle.?paused.orValue(false) || !self.?servers.?storage.?ephemeral.orValue(false)",fieldPath=".lifecycle.paused",message="must not be true with spec.servers.storage.ephemeral: the state of such a cluster lives no longer than its pods and would be lost; delete the cluster instead, or create one without ephemeral"
type VirtualClusterSpec struct {
	// distro is the Kubernetes distribution that runs inside: k8s (the
	// upstream components) or k3s. Left out, it is k3s where the installed
	// node image carries it and the node can run it, otherwise k8s. It cannot
	// change once the cluster exists.
	// +optional
	Distro Distro `json:"distro,omitempty"`

	// version is the version of Kubernetes inside, for example v1.36.3, or
	// that of its distro, for example v1.36.3+k3s1. Left out, it is the newest
	// that the installed node images offer. It cannot change yet.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^v?[0-9]+[.][0-9]+[.][0-9]+([+]k3s[0-9]+)?$')",message="must be a full version of Kubernetes such as v1.36.3; leave spec.version out for the newest one installed"
	Version string `json:"version,omitempty"`

	// image is the node image, where the administrator allows choosing one.
	// Left out, it is the installed image of spec.version. It cannot change
	// yet.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$')",message="must be an image reference such as registry.example/node:v1.36.3; leave spec.image out for the installed one"
	Image string `json:"image,omitempty"`

	// imagePullSecrets are Secrets of this namespace to pull the node image
	// with.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// runtime is what isolates the node pods from their host. Servers and
	// pools may have one of their own.
	// +optional
	Runtime Runtime `json:"runtime,omitempty,omitzero"`

	// servers run the control plane. They are nodes as well, unless they are
	// told otherwise.
	// +optional
	Servers Servers `json:"servers,omitempty,omitzero"`

	// pools are groups of worker nodes beside the servers.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Pools []Pool `json:"pools,omitempty"`

	// network is the cluster's own network, and what it may reach outside.
	// +optional
	Network Network `json:"network,omitempty,omitzero"`

	// expose is how the API is reached from outside the cluster.
	// +optional
	Expose Expose `json:"expose,omitempty,omitzero"`

	// registries say where the nodes inside get images from.
	// +optional
	Registries Registries `json:"registries,omitempty,omitzero"`

	// lifecycle says whether the cluster runs, and for how long it exists.
	// +optional
	Lifecycle Lifecycle `json:"lifecycle,omitempty,omitzero"`

	// config holds raw flags of the distro's components, where the
	// administrator allows them. A key is <component>.<flag>, for example
	// "kube-apiserver.event-ttl". With distro k3s a key can also be one of
	// K3s's own configuration, for example "service-node-port-range"; a value
	// of several lines is a list there. Flags that the product sets itself are
	// reserved and refused: use spec.network for address ranges and names,
	// spec.expose for addresses and certificates, spec.pools for labels and
	// taints.
	// +optional
	// +mapType=granular
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^((etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet)[.])?[a-z][a-z0-9-]*$'))",message="keys must be <component>.<flag> with one of the components etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubelet, for example \"kube-apiserver.event-ttl\", or for distro k3s a key of its own configuration"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.matches('^(etcd[.](advertise-client-urls|auto-tls|cert-file|client-[^.]*|config-file|data-dir|discovery[^.]*|enable-grpc-gateway|enable-v2[^.]*|force-new-cluster|initial-[^.]*|key-file|listen-[^.]*|name|peer-[^.]*|proxy[^.]*|trusted-ca-file|wal-dir)|kube-apiserver[.](advertise-address|allow-privileged|anonymous-auth|authentication-[^.]*|authorization-[^.]*|bind-address|cert-dir|client-ca-file|cloud-[^.]*|disable-admission-plugins|egress-selector-config-file|enable-admission-plugins|enable-bootstrap-token-auth|etcd-[^.]*|kubelet-[^.]*|permit-[^.]*-sharing|proxy-client-[^.]*|requestheader-[^.]*|secure-port|service-account-[^.]*|service-cluster-ip-range|storage-backend|tls-cert-file|tls-private-key-file|tls-sni-[^.]*|token-auth-file)|kube-controller-manager[.](allocate-node-cidrs|authentication-[^.]*|authorization-[^.]*|bind-address|cert-dir|client-ca-file|cloud-[^.]*|cluster-cidr|cluster-name|cluster-signing-[^.]*|controllers|kubeconfig|leader-elect[^.]*|master|requestheader-[^.]*|root-ca-file|secure-port|service-account-[^.]*|service-cluster-ip-range|tls-cert-file|tls-private-key-file|use-service-account-credentials)|kube-scheduler[.](authentication-[^.]*|authorization-[^.]*|bind-address|cert-dir|client-ca-file|config|kubeconfig|leader-elect[^.]*|master|requestheader-[^.]*|secure-port|tls-cert-file|tls-private-key-file)|kubelet[.](address|anonymous-auth|authentication-[^.]*|authorization-[^.]*|bootstrap-kubeconfig|cert-dir|cgroup-[^.]*|cgroups-per-qos|client-ca-file|cloud-[^.]*|cluster-dns|cluster-domain|config|config-dir|container-runtime-endpoint|enforce-node-allocatable|fail-cgroupv1|fail-swap-on|feature-gates|healthz-[^.]*|hostname-override|image-service-endpoint|kubeconfig|node-ip|node-labels|oom-score-adj|port|protect-kernel-defaults|read-only-port|register-node|register-with-taints|resolv-conf|root-dir|rotate-[^.]*|runtime-cgroups|seccomp-default|system-cgroups|tls-cert-file|tls-private-key-file))$'))",message="a key names a flag that is reserved, because the product sets it: remove that key (spec.network, spec.expose and spec.pools set address ranges, certificate names, labels and taints)"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.matches('^([^.]*-arg|advertise-[^.]*|agent-token[^.]*|airgap-extra-registry|alsologtostderr|apiserver-[^.]*|bind-address|c|cluster-[^.]*|config|container-runtime-endpoint|d|data-dir|datastore-[^.]*|default-local-storage-path|default-runtime|disable|disable-agent|disable-apiserver[^.]*|disable-cloud-controller|disable-controller-manager|disable-etcd|disable-kube-proxy|disable-network-policy|disable-scheduler|docker|egress-selector-mode|etcd-[^.]*|flannel-[^.]*|https-listen-port|i|image-service-endpoint|kine-tls|l|lb-server-port|log|no-[^.]*|node-[^.]*|o|pause-image|private-registry|protect-kernel-defaults|resolv-conf|rootless|s|selinux|server|service-cidr|snapshotter|supervisor-port|system-default-registry|t|tls-san[^.]*|token[^.]*|vpn-auth[^.]*|with-node-id|write-kubeconfig[^.]*)$'))",message="a key of K3s is reserved, because the product sets it: remove that key (a flag of a component is written <component>.<flag>, for example \"kubelet.max-pods\"; spec.network, spec.expose and spec.pools set address ranges, certificate names, labels and taints)"
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(self[k]) <= 1024)",message="values must have at most 1024 characters"
	Config map[string]string `json:"config,omitempty"`
}

// Distro is a Kubernetes distribution.
//
// +kubebuilder:validation:Enum=k8s;k3s
type Distro string

// The distros.
const (
	// DistroK8s is upstream Kubernetes: its components as system services.
	DistroK8s Distro = "k8s"
	// DistroK3s is K3s.
	DistroK3s Distro = "k3s"
)

// VirtualClusterList is a list of VirtualCluster.
//
// +kubebuilder:object:root=true
type VirtualClusterList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list's metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the virtual clusters.
	Items []VirtualCluster `json:"items"`
}
