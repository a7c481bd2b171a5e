package userns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// The oldest versions that can do this. What a node runs is known to differ
// from what it says, so a node that passes is a candidate, not a proof.
const (
	// minKernel maps user ids on tmpfs, which Secrets and projected volumes are.
	minKernel = "6.3"
	// minContainerd has cgroup_writable.
	minContainerd = "2.1"
	// minKubelet has user namespaces and procMount on by default.
	minKubelet = "1.33"
)

// Ask implements profile.Profile. Cgroup version and what the volumes'
// file systems can do are not among what a node says.
func (p Profile) Ask(q profile.Question) profile.Answer {
	handler := cmp.Or(q.Handler, Handler)
	answer := profile.Answer{Nodes: make([]profile.NodeAnswer, 0, len(q.Nodes))}
	for i := range q.Nodes {
		node := &q.Nodes[i]
		answer.Nodes = append(answer.Nodes, profile.NodeAnswer{
			Node:     node.Name,
			Problems: problems(node, handler, q.NodeSelector),
			Seccomp:  labels.SelectorFromSet(p.seccomp.nodeLabels()).Matches(labels.Set(node.Labels)),
		})
	}
	slices.SortFunc(answer.Nodes, func(a, b profile.NodeAnswer) int { return strings.Compare(a.Node, b.Node) })
	return answer
}

// problems lists all that stands in a node's way. A node of another kind is not
// asked further.
func problems(node *corev1.Node, handler string, selector map[string]string) []profile.Problem {
	if system := node.Status.NodeInfo.OperatingSystem; system != "" && system != "linux" {
		return problem(profile.ReasonNotLinux,
			"runs %s, and node pods need Linux: add a Linux node", system)
	}
	if s := labels.SelectorFromSet(selector); !s.Matches(labels.Set(node.Labels)) {
		return problem(profile.ReasonNotSelected,
			"lacks the labels %s of the RuntimeClass's scheduling: label the node, or change the RuntimeClass", s)
	}
	found := slices.Concat(kubeletProblems(node), kernelProblems(node), containerdProblems(node))
	if len(found) > 0 {
		// Each of these explains a missing handler or feature.
		return found
	}
	return handlerProblems(node, handler)
}

func kubeletProblems(node *corev1.Node) []profile.Problem {
	kubelet := node.Status.NodeInfo.KubeletVersion
	if !older(kubelet, minKubelet) {
		return nil
	}
	return problem(profile.ReasonKubeletTooOld,
		"the kubelet is %s, and user namespaces need %s: upgrade Kubernetes", kubelet, minKubelet)
}

func kernelProblems(node *corev1.Node) []profile.Problem {
	kernel := node.Status.NodeInfo.KernelVersion
	if !older(kernel, minKernel) {
		return nil
	}
	return problem(profile.ReasonKernelTooOld,
		"the kernel is %s, and volumes in a user namespace need %s: upgrade the node's operating system", kernel, minKernel)
}

func containerdProblems(node *corev1.Node) []profile.Problem {
	kind, containerd, known := strings.Cut(node.Status.NodeInfo.ContainerRuntimeVersion, "://")
	switch {
	case !known:
		return nil
	case kind != "containerd":
		return problem(profile.ReasonNotContainerd,
			"the container runtime is %s, and this profile is for containerd: add a node with containerd", kind)
	case older(containerd, minContainerd):
		return problem(profile.ReasonContainerdTooOld,
			"containerd is %s, and a writable cgroup needs %s: upgrade containerd", containerd, minContainerd)
	}
	return nil
}

func handlerProblems(node *corev1.Node, handler string) []profile.Problem {
	i := slices.IndexFunc(node.Status.RuntimeHandlers, func(h corev1.NodeRuntimeHandler) bool { return h.Name == handler })
	if i < 0 {
		return problem(profile.ReasonHandlerMissing,
			"containerd has no handler %q: add it to containerd's configuration with cgroup_writable = true and restart containerd; where it is there, the node must have cgroup v2", handler)
	}
	features := node.Status.RuntimeHandlers[i].Features
	if features == nil || features.UserNamespaces == nil {
		return problem(profile.ReasonFeaturesNotStated,
			"handler %q does not say whether it has user namespaces: use runc 1.2 or crun 1.9 or later behind it", handler)
	}
	if !ptr.Deref(features.UserNamespaces, false) {
		return problem(profile.ReasonNoUserNamespaces,
			"handler %q has no user namespaces: use runc 1.2 or crun 1.9 or later behind it, and check that user.max_user_namespaces is not 0", handler)
	}
	return nil
}

func problem(reason, format string, args ...any) []profile.Problem {
	return []profile.Problem{{Reason: reason, Message: fmt.Sprintf(format, args...)}}
}

// older says whether a version is known to be older than another. What cannot
// be read is not.
func older(have, want string) bool {
	v, err := version.ParseGeneric(have)
	return err == nil && v.LessThan(version.MustParseGeneric(want))
}
