package guestapi

// Where the guest finds what the outside hands in. Nothing is ever mounted
// under /run or /tmp: systemd mounts its own tmpfs over both at boot.
const (
	// ConfigDir is the root of everything handed in, read-only.
	ConfigDir = "/etc/vcluster"
	// NodeConfigFile holds a NodeConfig as YAML.
	NodeConfigFile = ConfigDir + "/node.yaml"
	// IdentityDir holds the files of the identity Secret (servers only).
	IdentityDir = ConfigDir + "/identity"
	// JoinDir holds the files of the join Secret (servers and pool nodes).
	JoinDir = ConfigDir + "/join"
	// PodDir holds downward API files: PodIndexFile and PodUIDFile.
	PodDir = ConfigDir + "/pod"
	// PodIndexFile holds the StatefulSet ordinal of the pod, in decimal.
	PodIndexFile = PodDir + "/index"
	// PodUIDFile holds the UID of the pod: the identity of this boot.
	PodUIDFile = PodDir + "/uid"
	// ContainerdDropInDir holds extra containerd configuration files (*.toml),
	// used by the embedded host for its runtime handlers.
	ContainerdDropInDir = ConfigDir + "/containerd.d"
	// ManifestDir holds extra manifests (*.yaml) that the guest applies once
	// the API serves.
	ManifestDir = ConfigDir + "/manifests"
	// SeccompDir holds seccomp profiles (*.json) copied below the kubelet's
	// seccomp root.
	SeccompDir = ConfigDir + "/seccomp"

	// StateDir is the mount point of the one state volume for distro k8s:
	// etcd, kubelet and containerd live below it. Use StateDirOf where the
	// distro may be another.
	StateDir = "/var/lib/vcluster"
	// StateDevice is where a pod has its state volume as a block device.
	StateDevice = "/dev/vcluster-state"
	// K3sStateDir is the mount point of the state volume for distro k3s: its
	// own data directory.
	K3sStateDir = "/var/lib/rancher/k3s"
	// K3sShareDir holds what the node image has of K3s beside its binary.
	K3sShareDir = "/usr/share/vcluster/k3s"
	// K3sVersionFile holds the version of K3s in the node image. An image
	// without it carries no K3s.
	K3sVersionFile = K3sShareDir + "/version"
	// K3sDataDir holds the programs that the K3s binary carries, unpacked.
	K3sDataDir = K3sShareDir + "/data"
	// BundledImageDir holds the image archives that ship inside the node
	// image, outside the state volume because that would hide them.
	BundledImageDir = "/usr/share/vcluster/images"
)

// Port serves the guest's health and report endpoints over HTTPS.
const Port = 10270

// ServerName is the only DNS name in the guest's serving certificate, and the
// name a client must verify.
const ServerName = "guest.vclusterctl.internal"

// Endpoints of the guest. ReadyPath and LivePath need no credentials.
const (
	// ReadyPath answers 200 once this node serves its purpose: on a server
	// when the inner API server is ready, on a pool node when the kubelet is
	// healthy. Otherwise 503 with the reason as text.
	ReadyPath = "/readyz"
	// LivePath answers 200 while the guest runs.
	LivePath = "/livez"
	// ReportPath answers with a Report as JSON. With ?after=REVISION it
	// blocks until the revision differs from it, for at most
	// ReportWaitSeconds, then answers with whatever is current. It needs
	// "Authorization: Bearer <JoinGuestToken>".
	ReportPath = "/report"
	// ReportWaitSeconds bounds one long poll.
	ReportWaitSeconds = 30
	// ReportMaxBytes bounds a report's JSON: a tenant can become root in the
	// node, so a reader stops here.
	ReportMaxBytes = 64 << 10
)

// Keys of the identity Secret for distro k8s. The names are kubeadm's, with
// "/" written as "-".
const (
	IdentityCACert         = "ca.crt"
	IdentityCAKey          = "ca.key"
	IdentityFrontProxyCert = "front-proxy-ca.crt"
	IdentityFrontProxyKey  = "front-proxy-ca.key"
	IdentityEtcdCACert     = "etcd-ca.crt"
	IdentityEtcdCAKey      = "etcd-ca.key"
	IdentitySAKey          = "sa.key"
	IdentitySAPub          = "sa.pub"
)

// Keys of the identity Secret for distro k3s, beside IdentityEtcdCACert and
// IdentityEtcdCAKey. The names are K3s's own below server/tls.
const (
	IdentityServerCACert        = "server-ca.crt"
	IdentityServerCAKey         = "server-ca.key"
	IdentityClientCACert        = "client-ca.crt"
	IdentityClientCAKey         = "client-ca.key"
	IdentityRequestHeaderCACert = "request-header-ca.crt"
	IdentityRequestHeaderCAKey  = "request-header-ca.key"
	IdentityServiceKey          = "service.key"
)

// The distros, as NodeConfig names them.
const (
	DistroK8s = "k8s"
	DistroK3s = "k3s"
)

// StateDirOf is the mount point of the one state volume of a node.
func StateDirOf(distro string) string {
	if distro == DistroK3s {
		return K3sStateDir
	}
	return StateDir
}

// OwnStateDirOf is the folder of the state volume that belongs to the guest.
// Distro k3s keeps its own files beside it.
func OwnStateDirOf(distro string) string {
	if distro == DistroK3s {
		return K3sStateDir + "/vcluster"
	}
	return StateDir
}

// The datastores of a server, as NodeConfig names them.
const (
	// DatastoreEtcd is the etcd of the node image, a unit of its own.
	DatastoreEtcd = "etcd"
	// DatastoreSQLite is the file that K3s keeps: for one server that loses
	// its state with its pod anyway.
	DatastoreSQLite = "sqlite"
)

// Keys of the join Secret.
const (
	// JoinCACert pins the cluster's CA.
	JoinCACert = "ca.crt"
	// JoinToken is the token that pool nodes join with. For k8s it is a
	// kubeadm bootstrap token, [a-z0-9]{6}.[a-z0-9]{16}; for k3s the agent
	// token, without the hash of the authority that pins it.
	JoinToken = "token"
	// JoinGuestCert and JoinGuestKey serve the guest's endpoint; signed by
	// the cluster's CA for ServerName.
	JoinGuestCert = "guest.crt"
	JoinGuestKey  = "guest.key"
	// JoinGuestToken authenticates readers of the report.
	JoinGuestToken = "guest-token"
)

// Role says what a node is for.
type Role string

// The roles of a node.
const (
	// RoleServer runs the control plane, and a kubelet as well.
	RoleServer Role = "server"
	// RoleAgent is a worker that joins through NodeConfig.JoinEndpoint.
	RoleAgent Role = "agent"
)

// ConfigVersion is the only version of NodeConfig so far.
const ConfigVersion = "guest.vclusterctl.dev/v1"

// FixedServerName is the DNS name that every API server certificate carries
// whatever its distro, and that kubeconfigs set as tls-server-name: an address
// that appears late then needs no new certificate.
const FixedServerName = "kubernetes.default.svc"

// NodeConfig is everything the guest must know to turn the node image into a
// node of one cluster. It holds no secrets.
type NodeConfig struct {
	APIVersion string `json:"apiVersion"`
	// Role of the node.
	Role Role `json:"role"`
	// Distro to start: k8s (or k3s, where the image carries it).
	Distro string `json:"distro"`
	// Datastore of a server: etcd, or sqlite for k3s. Empty means etcd.
	Datastore string `json:"datastore,omitempty"`
	// ControlPlaneOnly makes a server run the control plane and nothing else: no
	// container runtime, kubelet or network, and so no Node of this name. Guests
	// older than the field do not boot with it: it is left out where it is false.
	ControlPlaneOnly bool `json:"controlPlaneOnly,omitempty"`
	// StateDevice is the block device that holds the state, where it is no folder:
	// the node makes a file system on it if there is none, and mounts it. Guests
	// older than the field do not boot with it.
	StateDevice string `json:"stateDevice,omitempty"`
	// NodeNamePrefix plus the content of PodIndexFile is the node's name, for
	// example "server-" gives server-0.
	NodeNamePrefix string `json:"nodeNamePrefix"`
	// PodCIDR, ServiceCIDR and ClusterDomain of this cluster.
	PodCIDR       string `json:"podCIDR"`
	ServiceCIDR   string `json:"serviceCIDR"`
	ClusterDomain string `json:"clusterDomain"`
	// JoinEndpoint is host:port of the cluster's API as its pool nodes reach
	// it. It is a Service, never a pod IP.
	JoinEndpoint string `json:"joinEndpoint,omitempty"`
	// ExtraSANs are added to the API server's certificate beside
	// FixedServerName: DNS names and IP addresses.
	ExtraSANs []string `json:"extraSANs,omitempty"`
	// NodeLabels and NodeTaints ("key=value:Effect") are registered by the
	// kubelet.
	NodeLabels map[string]string `json:"nodeLabels,omitempty"`
	NodeTaints []string          `json:"nodeTaints,omitempty"`
	// Config holds raw distro settings. The keys are "<component>.<flag>", for
	// example "kube-apiserver.event-ttl"; for k3s those without a dot are keys
	// of K3s's own configuration, their value one line or a list of lines.
	Config map[string]string `json:"config,omitempty"`
	// RegistryMirrors are asked for images first. Guests older than the field
	// do not boot with it: it is left out where there are none.
	RegistryMirrors []RegistryMirror `json:"registryMirrors,omitempty"`
	// NetworkPolicy starts an enforcing NetworkPolicy implementation.
	NetworkPolicy bool `json:"networkPolicy,omitempty"`
	// LocalStorage installs a default StorageClass on local paths.
	LocalStorage bool `json:"localStorage,omitempty"`
	// Bare marks a node that is the outermost level: a root container on a
	// machine, not a pod. Its kubelet may then set sysctls of the machine.
	Bare bool `json:"bare,omitempty"`
}

// RegistryMirror names what is asked for the images of one registry.
type RegistryMirror struct {
	// Host of the registry as names of images have it, or "*" for every one
	// that has no mirrors of its own.
	Host string `json:"host"`
	// Endpoints are the URLs of the mirrors, in the order in which they are
	// asked. A path stands for /v2.
	Endpoints []string `json:"endpoints"`
}
