package userns

import (
	"k8s.io/apimachinery/pkg/labels"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// versions are the oldest that can do this.
var versions = []profile.Minimum{
	{Of: profile.Kubernetes, Least: "1.33", For: "user namespaces need"},
	// tmpfs with mapped user ids, which Secrets and projected volumes are.
	{Of: profile.Kernel, Least: "6.3", For: "volumes in a user namespace need"},
	// cgroup_writable.
	{Of: profile.Containerd, Least: "2.1", For: "a writable cgroup needs"},
	{Of: "runc", Least: "1.2", For: "user namespaces need"},
	{Of: "or crun", Least: "1.9", For: "user namespaces need"},
}

var needs = profile.Needs{
	Handler:        Handler,
	Versions:       versions,
	Runtimes:       []string{profile.Containerd},
	UserNamespaces: true,
	Install:        "add it to containerd's configuration with cgroup_writable = true and restart containerd; where it is there, the node must have cgroup v2",
	Otherwise:      ", or for CRI-O annotate the RuntimeClass " + profile.AnnotationWritableCgroup + "=" + string(profile.CgroupByCRIOAnnotation),
	Upgrade:        "use runc 1.2 or crun 1.9 or later behind it",
}

// onCRIO are those of pods that ask for a writable cgroup by an annotation.
// containerd needs no such thing, and takes it.
var onCRIO = profile.Needs{
	Handler:        Handler,
	Versions:       versions,
	Runtimes:       []string{profile.Containerd, profile.CRIO},
	UserNamespaces: true,
	Install:        "add it to the container runtime's configuration, for CRI-O with " + profile.CRIOCgroupAnnotation + " in its allowed_annotations, and restart it; where it is there, the node must have cgroup v2",
	Upgrade:        needs.Upgrade,
}

// Ask implements profile.Profile.
func (p Profile) Ask(q profile.Question) profile.Answer {
	seccomp := map[string]bool{}
	for i := range q.Nodes {
		seccomp[q.Nodes[i].Name] = labels.SelectorFromSet(p.seccomp.nodeLabels()).Matches(labels.Set(q.Nodes[i].Labels))
	}
	asked := needs
	if q.Cgroup == profile.CgroupByCRIOAnnotation {
		asked = onCRIO
	}
	answer := asked.Ask(q)
	for i := range answer.Nodes {
		answer.Nodes[i].Seccomp = seccomp[answer.Nodes[i].Node]
	}
	return answer
}
