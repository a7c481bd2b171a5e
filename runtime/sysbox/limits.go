package sysbox

import (
	"path"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// covered are the folders over which Sysbox puts some of its own, which go with
// the container. Only a volume at exactly one of them takes its place.
var covered = []string{
	"/var/lib/docker",
	"/var/lib/kubelet",
	"/var/lib/k0s",
	"/var/lib/rancher/k3s",
	"/var/lib/rancher/rke2",
	"/var/lib/buildkit",
	"/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs",
}

// Loses says whether what is at a path of a node image, or on a volume mounted
// there, is hidden by Sysbox or by systemd, which puts a tmpfs over /run. A
// volume exactly at one of Sysbox's folders is not.
func Loses(name string, volume bool) bool {
	if inside(name, "/run") || inside(name, "/var/run") {
		return true
	}
	for _, c := range covered {
		switch {
		case volume && name == c:
		case inside(name, c):
			return true
		case volume && inside(c, name):
			// Sysbox mounts its folder on top of it.
			return true
		}
	}
	return false
}

// inside says whether a path is another one or below it.
func inside(name, of string) bool {
	return path.Clean(name) == of || strings.HasPrefix(path.Clean(name), strings.TrimSuffix(of, "/")+"/")
}

// limits are about what runs inside and about the host: no node pod that can be
// asked for is refused.
func limits() []profile.Limit {
	return append(hostLimits(),
		profile.Limit{
			Reason: profile.LimitInside,
			What:   "pods with hostUsers: false do not start inside",
			Why:    "a node has one range of 65,536 ids",
			Remedy: "leave hostUsers out inside; the node's own user namespace holds",
		},
		profile.Limit{
			Reason: profile.LimitInside,
			What:   "Sysbox does not run inside, nor do programs that make devices or load modules",
			Why:    "it emulates neither",
			Remedy: "run them on the host",
		})
}

// hostLimits are traps that no node tells of.
func hostLimits() []profile.Limit {
	return []profile.Limit{
		{
			Reason: profile.LimitStorage,
			What:   "state on a block volume is not supported",
			Why:    "Kubernetes gives pods in a user namespace none",
			Remedy: "set the runtime back to the one that the nodes were made with, or create another cluster or pool",
			Hits:   func(n profile.Nodes) bool { return n.Block },
		},
		{
			Reason: profile.LimitHost,
			What:   "on some nodes every pod fails with \"write sysctl key net.ipv4.ip_unprivileged_port_start: permission denied\"",
			Why:    "containerd 2 sets that sysctl by default, and Sysbox may not",
			Remedy: "set enable_unprivileged_ports = false in containerd's CRI plugin, which holds for all pods of the node: those without root can no longer use ports below 1024",
			Issue:  "nestybox/sysbox#1035",
		},
		{
			Reason: profile.LimitHost,
			What:   "with some versions of CRI-O pods with hostUsers: false fail",
			Why:    "seen with CRI-O 1.33.3 and Sysbox 0.7.0, while others fail without it (nestybox/sysbox#999)",
			Remedy: "annotate the RuntimeClass " + profile.AnnotationUserNamespace + "=" + string(profile.ByCRIOAnnotation) + ", and list " + profile.CRIOAnnotation + " in the handler's allowed_annotations",
			Issue:  "nestybox/sysbox#987",
		},
		{
			Reason: profile.LimitHost,
			What:   "Ubuntu 25.04 and later keep sysbox-fs from starting",
			Why:    "their AppArmor profile for fusermount3 breaks its mounts",
			Remedy: "allow them in that profile",
			Issue:  "nestybox/sysbox#947",
		},
		{
			Reason: profile.LimitHost,
			What:   "nodes with SELinux are not supported",
			Why:    "its makers say so",
			Remedy: "use nodes without SELinux, or runtime userns",
		},
		{
			Reason: profile.LimitHost,
			What:   "files of NFS volumes belong to nobody inside",
			Why:    "NFS has no ID-mapped mounts",
			Remedy: "choose a StorageClass on ext4, xfs or btrfs",
			Issue:  "nestybox/sysbox#554",
		},
	}
}

func summary() profile.Summary {
	return profile.Summary{
		Title:     "Sysbox",
		Isolation: "the user namespace of the pod, no added capability, an emulated /proc and /sys; the host's kernel is shared",
		Distros:   []v1alpha1.Distro{v1alpha1.DistroK3s, v1alpha1.DistroK8s},
		Storage:   "any volume whose file system has ID-mapped mounts (ext4, xfs, btrfs), or ephemeral; the kubelet's own files are on the node, below /var/lib/sysbox, with distro k3s",
		Inside: profile.Inside{
			PrivilegedPods: "yes, by its makers' word",
			LoadBalancers:  "not with K3s's servicelb, which node images leave out",
			CSI:            "not tried",
		},
		Measured: "K3s by hand: /readyz after 7.3 s, a pod runs inside after 17 s; memory not measured",
		Proof:    "not in our CI, which has no Sysbox. A test runs a virtual cluster under it in a namespace with level baseline wherever Sysbox is installed. By hand in November 2026, on sources of July 2026 with two changes for a machine that grants no CAP_SYS_RESOURCE and has no /proc/modules: k8s with a workload, its nodes proven unprivileged; earlier, K3s 1.36.3 likewise. A real API server checks the pods against Pod Security in every test run",
	}
}
