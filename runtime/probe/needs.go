package probe

import (
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// need is what one finding must say. In remedies {handler} stands for the
// handler of the runtime.
type need struct {
	name   string
	weight v1alpha1.ProbeWeight
	needed string
	remedy string
	// later is set where node images came out before the probe in them looked at
	// it: that these say nothing of it tells nothing.
	later bool
}

// needs are in the order in which one explains the next.
var needs = []need{
	{
		name: finding.Systemd, weight: v1alpha1.WeightBoot,
		needed: "systemd as PID 1",
		remedy: "use a node image of this release",
	},
	{
		name: finding.UserNamespace, weight: v1alpha1.WeightBoot,
		needed: "a uid map that gives nobody the id 0 of the node",
		remedy: "use a runtime behind handler {handler} that has user namespaces, and check that user.max_user_namespaces is not 0",
	},
	{
		name: finding.GroupMap, weight: v1alpha1.WeightBoot,
		needed: "a gid map that gives nobody the id 0 of the node",
		remedy: "use a runtime behind handler {handler} that has user namespaces",
	},
	{
		name: finding.Mount, weight: v1alpha1.WeightBoot,
		needed: "a tmpfs can be mounted",
		remedy: "keep AppArmor, SELinux and the seccomp profile of the node from denying mounts in these pods; dmesg on the node shows who denied it",
	},
	{
		name: finding.Cgroup, weight: v1alpha1.WeightBoot,
		needed: "cgroups can be made below the pod's own",
		remedy: "set cgroup_writable = true for handler {handler} in containerd's configuration, with cgroup v2 on the node",
	},
	{
		name: finding.Sysctls, weight: v1alpha1.WeightPods,
		needed: "sysctls of the pod's own network can be set",
		remedy: "let these pods have procMount Unmasked and NET_ADMIN: a policy of the host may have taken them away",
	},
	{
		name: finding.Procfs, weight: v1alpha1.WeightPods,
		needed: "containers inside get a /proc of their own",
		remedy: "let these pods have procMount Unmasked: with parts of /proc masked the kernel mounts no new one",
	},
	{
		name: finding.Veth, weight: v1alpha1.WeightPods,
		needed: "veth links can be made",
		remedy: "load the module veth on the node",
	},
	{
		name: finding.Bridge, weight: v1alpha1.WeightPods,
		needed: "bridges can be made",
		remedy: "load the module bridge on the node",
	},
	{
		name: finding.VXLAN, weight: v1alpha1.WeightPods,
		needed: "VXLAN links can be made",
		remedy: "load the module vxlan on the node (echo vxlan > /etc/modules-load.d/vclusterctl.conf)",
	},
	{
		name: finding.BridgeFilter, weight: v1alpha1.WeightPods, later: true,
		needed: "the kernel shows a node the packets between its pods",
		remedy: "run modprobe br_netfilter on the node, and name it in a file of /etc/modules-load.d for the next boot",
	},
	{
		name: finding.Nftables, weight: v1alpha1.WeightPods,
		needed: "nftables takes the rules that Services are made of",
		remedy: "load the modules nf_tables and nft_nat, or use a kernel that has them",
	},
	{
		name: finding.Iptables, weight: v1alpha1.WeightPods,
		needed: "iptables takes the matches comment, conntrack and mark",
		remedy: "load the modules nft_compat, xt_comment, xt_conntrack and xt_mark, or use a kernel that has them",
	},
	{
		name: finding.Ipset, weight: v1alpha1.WeightComfort,
		needed: "IP sets can be made, which NetworkPolicies inside are",
		remedy: "load the modules ip_set and ip_set_hash_ip",
	},
	{
		name: finding.Overlay, weight: v1alpha1.WeightComfort,
		needed: "overlayfs can be mounted on the state",
		remedy: "use kernel 5.13 or later, and a volume that is not on overlayfs itself; without it every layer of an image is copied",
	},
	{
		name: finding.Controllers, weight: v1alpha1.WeightComfort,
		needed: "cpu, cpuset, memory and pids can be delegated",
		remedy: "use cgroup v2 alone on the node, with the systemd cgroup driver; without them nothing inside is held to a limit, and K3s does not start",
	},
	{
		name: finding.Seccomp, weight: v1alpha1.WeightComfort,
		needed: "a seccomp filter",
		remedy: "put the profile's seccomp profile on the node and label it, as vclusterctl runtime install does",
	},
	{
		name: finding.Sysfs, weight: v1alpha1.WeightComfort,
		needed: "privileged containers inside get a /sys to write",
		remedy: "nothing needs it but privileged pods inside; use runtime sysbox for these",
	},
	{
		name: finding.Kmsg, weight: v1alpha1.WeightComfort,
		needed: "/dev/kmsg can be opened",
		remedy: "nothing needs it: the kubelet inside does without",
	},
}

// needsOf are the needs under a runtime. A pod with a kernel of its own needs no
// user namespace: its kernel is what tells.
func needsOf(k profile.Knowledge) []need {
	out := make([]need, 0, len(needs))
	for _, n := range needs {
		if k.OwnKernel && (n.name == finding.UserNamespace || n.name == finding.GroupMap) {
			continue
		}
		if k.OwnKernel && n.name == finding.Seccomp {
			continue
		}
		n.remedy = strings.ReplaceAll(n.remedy, "{handler}", k.Handler)
		out = append(out, n)
	}
	if k.OwnKernel {
		out = append([]need{{
			name: finding.Kernel, weight: v1alpha1.WeightBoot,
			needed: "another kernel than the node's",
			remedy: "check that handler " + k.Handler + " leads to " + k.Summary.Title,
		}}, out...)
	}
	return out
}
