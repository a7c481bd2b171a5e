package cluster

import (
	"cmp"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Input is what the objects of one virtual cluster are built from.
type Input struct {
	// Name, Namespace and UID of the VirtualCluster.
	Name      string
	Namespace string
	UID       types.UID
	// Spec is what the user wants.
	Spec v1alpha1.VirtualClusterSpec
	// Resolved holds what was chosen for the values that Spec leaves open.
	Resolved v1alpha1.Resolved
	// APIAddress is the address of the API Service: its cluster IP. Nodes
	// join through it.
	APIAddress string
	// IdentityKeys are the keys of the identity Secret.
	IdentityKeys []string
	// Host is what the cluster must keep off.
	Host HostNetwork
	// ControllerNamespace is the only namespace that may read guest reports.
	ControllerNamespace string
}

// ControlPlaneOnly says whether the servers are no nodes of the cluster.
func (in Input) ControlPlaneOnly() bool { return in.Resolved.IsControlPlaneOnly() }

// HostNetwork is what is known of the host cluster's network.
type HostNetwork struct {
	PodCIDRs     []netip.Prefix
	ServiceCIDRs []netip.Prefix
	// APIEndpoints are the addresses behind the host's API Service.
	APIEndpoints []netip.Addr
	// NodeAddresses are the internal addresses of the host's nodes.
	NodeAddresses []netip.Addr
}

// Group is a set of equal nodes: the servers or one pool.
type Group struct {
	Name     string
	Role     guestapi.Role
	Replicas int32
	// Runtime asked for: the group's own, or else the cluster's.
	Runtime   v1alpha1.Runtime
	Resources corev1.ResourceRequirements
	Storage   v1alpha1.Storage
	// Block is true where the volumes are block devices, on which the nodes make
	// their file system.
	Block bool
	// Adopted is true of servers with a volume that does not say by itself whose
	// it is: a StatefulSet of an older template left it, or a backup.
	Adopted    bool
	Scheduling v1alpha1.NodeScheduling
	// Labels and Taints of the nodes inside.
	Labels map[string]v1alpha1.LabelValue
	Taints []v1alpha1.Taint
}

// Ephemeral says whether the nodes of the group keep their state no longer than
// their pods live, and so have no volumes.
func (g Group) Ephemeral() bool { return ptr.Deref(g.Storage.Ephemeral, false) }

// Servers is the group of servers of a spec.
func Servers(spec v1alpha1.VirtualClusterSpec) Group {
	return Group{
		Name:       ServerGroup,
		Role:       guestapi.RoleServer,
		Replicas:   ptr.Deref(spec.Servers.Replicas, 1),
		Runtime:    runtimeOf(spec.Servers.Runtime, spec.Runtime),
		Resources:  spec.Servers.Resources,
		Storage:    spec.Servers.Storage,
		Scheduling: spec.Servers.NodeScheduling,
	}
}

// Pools are the groups of workers of a spec.
func Pools(spec v1alpha1.VirtualClusterSpec) []Group {
	groups := make([]Group, 0, len(spec.Pools))
	for _, p := range spec.Pools {
		groups = append(groups, Group{
			Name:       p.Name,
			Role:       guestapi.RoleAgent,
			Replicas:   ptr.Deref(p.Replicas, 1),
			Runtime:    runtimeOf(p.Runtime, spec.Runtime),
			Resources:  p.Resources,
			Storage:    p.Storage,
			Scheduling: p.NodeScheduling,
			Labels:     p.Labels,
			Taints:     p.Taints,
		})
	}
	return groups
}

// runtimeOf is the runtime of a group: its own as a whole, or the cluster's. A
// class goes with one profile, so they are not mixed.
func runtimeOf(own, whole v1alpha1.Runtime) v1alpha1.Runtime {
	asked := own
	if own == (v1alpha1.Runtime{}) {
		asked = whole
	}
	asked.Profile = cmp.Or(asked.Profile, v1alpha1.RuntimeAuto)
	return asked
}

// owner makes the VirtualCluster the controller of an object: deleting it
// deletes the object.
func (in Input) owner() *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind("VirtualCluster").
		WithName(in.Name).
		WithUID(in.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}

// keeper makes the VirtualCluster an owner of a volume, and not its controller,
// which StatefulSets would take for somebody in charge. It holds nothing up: the
// right to say that it does is not a StatefulSet's.
func (in Input) keeper() *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind(v1alpha1.VirtualClusterKind).
		WithName(in.Name).
		WithUID(in.UID)
}
