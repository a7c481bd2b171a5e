package userns

import (
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// limits are about what runs inside and about the host: no new node pod that can
// be asked for is refused.
func limits() []profile.Limit {
	return []profile.Limit{
		{
			Reason: profile.LimitStorage,
			What:   "state on a block volume is not supported",
			Why:    "Kubernetes gives pods in a user namespace none",
			Remedy: "set the runtime back to the one that the nodes were made with, or create another cluster or pool",
			Hits:   func(n profile.Nodes) bool { return n.Block },
		},
		{
			Reason: profile.LimitInside,
			What:   "pods with privileged: true do not start inside",
			Why:    "the kernel lets no user namespace mount a fresh sysfs here",
			Remedy: "give such pods the capabilities they need instead, or use Sysbox or Kata",
			Issue:  "rootless-containers/usernetes#396",
		},
		{
			Reason: profile.LimitInside,
			What:   "pods with hostUsers: false do not start inside",
			Why:    "a node has one range of 65,536 ids",
			Remedy: "leave hostUsers out inside; the node's own user namespace holds",
		},
		{
			Reason: profile.LimitHost,
			What:   "volumes on file systems without ID-mapped mounts cannot be mounted, NFS among them",
			Why:    "the kubelet maps the ids of every volume of the pod",
			Remedy: "choose a StorageClass on ext4, xfs or btrfs",
		},
		{
			Reason: profile.LimitHost,
			What:   "nodes with CRI-O are not taken unless the RuntimeClass says how",
			Why:    "CRI-O makes a cgroup writable for pods that ask by an annotation, not for a handler; by its makers' word, nobody here has tried it",
			Remedy: "annotate the RuntimeClass " + profile.AnnotationWritableCgroup + "=" + string(profile.CgroupByCRIOAnnotation) + ", and list " + profile.CRIOCgroupAnnotation + " in the handler's allowed_annotations",
		},
	}
}

// summary is what to expect.
func summary() profile.Summary {
	return profile.Summary{
		Title:     "runc or crun with a user namespace",
		Isolation: "the user namespace of the pod, few capabilities in it, a seccomp profile; the host's kernel is shared",
		Distros:   []v1alpha1.Distro{v1alpha1.DistroK3s, v1alpha1.DistroK8s},
		Storage:   "any volume whose file system has ID-mapped mounts (ext4, xfs, btrfs), or ephemeral",
		Inside: profile.Inside{
			PrivilegedPods: "no",
			LoadBalancers:  "not with K3s's servicelb, which node images leave out",
			CSI:            "not tried; drivers whose pods are privileged cannot",
		},
		Measured: "a pod runs inside after 7.6 s (1.20 × bare); 772 MiB (1.07 × bare), see [what it costs](performance.md)",
		Proven:   true,
		Proof:    "every end-to-end test runs under it: k8s always, K3s where the node image carries it",
	}
}
