package kata

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// limits are what Kata does not support.
func limits() []profile.Limit {
	return []profile.Limit{
		{
			Reason: profile.LimitStorage,
			What:   "state on a volume with a file system of the host is not supported",
			Why:    "it would reach the virtual machine over virtio-fs, on which overlayfs cannot write",
			Remedy: "nodes that are new get a block volume, so create another cluster or pool with this runtime, or set the runtime back",
			Hits:   func(n profile.Nodes) bool { return !n.Ephemeral && !n.Block },
		},
		{
			Reason: profile.LimitHost,
			What:   "StorageClasses that make no block volumes cannot be used",
			Why:    "a node makes its file system itself, on a volume that one pod alone may have (ReadWriteOncePod, which needs a CSI driver); where they cannot, as local-path, the PersistentVolumeClaim waits for ever and its events say so",
			Remedy: "choose another with storage.className, or set storage.ephemeral to true, which keeps the state in the memory of the virtual machine",
		},
		{
			Reason: profile.LimitResources,
			What:   "nodes without limits for cpu and memory are not supported",
			Why:    "the virtual machine is as large as they say, and 2 GiB with one processor without them, which nobody accounts for",
			Remedy: "set resources.limits.cpu and resources.limits.memory, the latter with room for the state where that is ephemeral",
			Hits:   withoutLimits,
		},
		{
			Reason: profile.LimitHost,
			What:   "nodes need /dev/kvm, vhost_net and vhost_vsock",
			Why:    "they run virtual machines; where they are some themselves, their host has to allow that",
			Remedy: "use bare-metal nodes, or ones with nested virtualisation",
		},
		{
			Reason: profile.LimitInside,
			What:   "WireGuard and dummy interfaces are missing inside",
			Why:    "the guest's kernel has neither",
			Remedy: "build a guest kernel with them",
		},
	}
}

func withoutLimits(n profile.Nodes) bool {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q, ok := n.Resources.Limits[name]; !ok || q.IsZero() {
			return true
		}
	}
	return false
}

func summary() profile.Summary {
	return profile.Summary{
		Title:     "Kata Containers",
		Isolation: "a virtual machine with a kernel of its own for every node",
		Distros:   []v1alpha1.Distro{v1alpha1.DistroK3s, v1alpha1.DistroK8s},
		Storage:   "a block volume, on which the node makes an ext4 itself, or ephemeral, in the memory of the virtual machine; never a folder of the host, which would be virtio-fs",
		Inside: profile.Inside{
			PrivilegedPods: "yes, by its makers' word",
			LoadBalancers:  "not with K3s's servicelb, which node images leave out",
			CSI:            "not tried",
		},
		Measured: "nothing yet",
		Proof:    "not here: the machines that run our tests start no virtual machines for it, and nobody has booted the node image under it. What the node does with a block volume is tested on a loop device. A real API server checks its pods in every test run, which is all",
	}
}
