package clustercheck

import (
	"time"

	helmv1 "github.com/k3s-io/helm-controller/pkg/apis/helm.cattle.io/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// Observation is all that was seen of a virtual cluster.
type Observation struct {
	Now     time.Time
	Cluster *v1alpha1.VirtualCluster
	// Controllers are those of the host; Trouble says what keeps one from
	// running.
	Controllers doctor.Seen[[]appsv1.Deployment]
	Trouble     string
	// Pods are its nodes, the servers first, and Events are about them and about
	// the cluster.
	Pods   doctor.Seen[[]corev1.Pod]
	Events doctor.Seen[[]corev1.Event]
	// HostNodes are those of the host that its pods are on, by name.
	HostNodes map[string]doctor.Seen[*corev1.Node]
	// Access is what its kubeconfig Secret holds.
	Access doctor.Seen[Access]
	// Inner is what its API says, nil where it was not asked.
	Inner *doctor.Seen[Inner]
	// Usage is what the kubelets of the host say of its pods, by name.
	Usage doctor.Seen[map[string]Usage]
	// LastWords is what the node said last that holds the cluster up.
	LastWords LastWords
}

// Access are the times at which certificates end, the earliest of each kind.
type Access struct {
	Client, Authority time.Time
}

// Inner is what the API of the cluster itself says.
type Inner struct {
	// Server is the address at which it answered, and Tunnelled says whether
	// that was a way through the host.
	Server    string
	Tunnelled bool
	Nodes     []corev1.Node
	// System are the pods of kube-system.
	System []corev1.Pod
	// Charts are what its helm-controller is asked to install. Not to see them
	// is no fault of the API.
	Charts doctor.Seen[[]helmv1.HelmChart]
}

// Usage is what a node pod uses.
type Usage struct {
	// Used and Capacity of its state volume, in bytes; no Capacity where it has
	// none.
	Used, Capacity uint64
	// Memory that it has in use, in bytes.
	Memory uint64
}

// LastWords are lines of a node's log.
type LastWords struct {
	Node  string
	Lines []string
}
