package gvisor

import (
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// tracking is where gVisor's makers follow what K3s needs of it.
const tracking = "google/gvisor#14637"

// limits are what gVisor does not support.
func limits() []profile.Limit {
	return []profile.Limit{
		{
			Reason: profile.LimitWorkers,
			What:   "nodes that run pods are not supported",
			Why:    "kube-proxy needs parts of netfilter that gVisor lacks, so there would be no Services",
			Remedy: "use it for servers only, with spec.servers.controlPlaneOnly left out or true, and runtime sysbox or userns for pools",
			Issue:  tracking,
			Hits:   func(n profile.Nodes) bool { return n.Workers },
		},
		{
			Reason: profile.LimitDistro,
			What:   "distro k3s is not supported",
			Why:    "K3s has not been run without its agent under gVisor",
			Remedy: "leave spec.distro out or set it to k8s",
			Issue:  tracking,
			Hits:   func(n profile.Nodes) bool { return n.Distro == v1alpha1.DistroK3s },
		},
		{
			Reason: profile.LimitStorage,
			What:   "state on a block volume is not supported",
			Why:    "gVisor mounts no file system of a block device",
			Remedy: "set the runtime back to the one that the nodes were made with, or create another cluster or pool",
			Hits:   func(n profile.Nodes) bool { return n.Block },
		},
		{
			Reason: profile.LimitHost,
			What:   "CRI-O is not supported",
			Why:    "the profile writes containerd's configuration and knows no other",
			Remedy: "add a node with containerd",
		},
	}
}

func summary() profile.Summary {
	return profile.Summary{
		Title:     "gVisor",
		Isolation: "a kernel in user space; the host sees a few system calls of a process without rights",
		Distros:   []v1alpha1.Distro{v1alpha1.DistroK8s},
		Storage:   "any volume, or ephemeral, which was not tried",
		Inside: profile.Inside{
			PrivilegedPods: "no pods at all; as the pools' runtime",
			LoadBalancers:  "no pods at all; as the pools' runtime",
			CSI:            "no pods at all; as the pools' runtime",
		},
		Measured: "the control plane alone, started by hand: /readyz after 3.7 to 4.0 s (bare 2.7 s); 317 to 351 MiB (bare 408 MiB)",
		Proven:   true,
		Proof:    "an end-to-end test runs servers under it, on a volume, beside a pool under userns that runs the workload. Its machines grant no CAP_SYS_RESOURCE and delegate no cgroup controllers, so the shim is kept from lowering oom_score_adj, and runsc told to ignore cgroups: that limits hold for a sandbox, and its systemd-cgroup setting, nobody has proven, nor the kvm platform",
	}
}
