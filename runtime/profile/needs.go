package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/utils/ptr"
)

// Software whose version nodes tell. Others can be named, too, but not asked
// for.
const (
	Kubernetes = "Kubernetes"
	Kernel     = "kernel"
	Containerd = "containerd"
)

// CRIO is what nodes call CRI-O.
const CRIO = "cri-o"

// Minimum is the oldest version of something that will do. What a node runs is
// known to differ from what it says, so a node that passes is a candidate, not a
// proof.
type Minimum struct {
	Of    string
	Least string
	// For says what needs it, with the verb: "user namespaces need".
	For string
}

// Needs are what a node has to say of itself to offer a runtime.
type Needs struct {
	// Handler where the RuntimeClass names none.
	Handler string
	// IsHandler says whether a RuntimeClass may name a handler; nil allows any.
	// It is set where the shape of the pods is safe under this runtime only.
	IsHandler func(handler string) bool
	// Versions that are asked for.
	Versions []Minimum
	// Runtimes are the container runtimes that will do, as nodes call them.
	Runtimes []string
	// UserNamespaces is true where the handler must say that it has them.
	UserNamespaces bool
	// Install says how a node gets the handler, Label how it gets the labels
	// that the RuntimeClass schedules by (empty means by hand), and Upgrade what
	// the handler has to be to have user namespaces.
	Install, Label, Upgrade string
	// Otherwise says what to do where the container runtime is another one,
	// beside adding a node; empty for nothing.
	Otherwise string
}

// Ask finds out which nodes have what is needed. Cgroup version and what the
// volumes' file systems can do are not among what a node says.
func (n Needs) Ask(q Question) Answer {
	q.Handler = cmp.Or(q.Handler, n.Handler)
	answer := Answer{Nodes: make([]NodeAnswer, 0, len(q.Nodes))}
	for i := range q.Nodes {
		answer.Nodes = append(answer.Nodes, NodeAnswer{Node: q.Nodes[i].Name, Problems: n.problems(&q.Nodes[i], q)})
	}
	slices.SortFunc(answer.Nodes, func(a, b NodeAnswer) int { return strings.Compare(a.Node, b.Node) })
	return answer
}

// problems lists all that stands in a node's way. A node of another kind is not
// asked further.
func (n Needs) problems(node *corev1.Node, q Question) []Problem {
	if system := node.Status.NodeInfo.OperatingSystem; system != "" && system != "linux" {
		return problem(ReasonNotLinux, "runs %s, and node pods need Linux: add a Linux node", system)
	}
	if n.IsHandler != nil && !n.IsHandler(q.Handler) {
		return problem(ReasonForeignHandler,
			"the RuntimeClass names handler %q, and this profile gives pods rights that are harmless under %q only: correct the RuntimeClass", q.Handler, n.Handler)
	}
	if s := labels.SelectorFromSet(q.NodeSelector); !s.Matches(labels.Set(node.Labels)) {
		return problem(ReasonNotSelected, "lacks the labels %s of the RuntimeClass's scheduling: %s",
			s, cmp.Or(n.Label, "label the node, or change the RuntimeClass"))
	}
	if found := slices.Concat(n.kubeletProblems(node), n.kernelProblems(node), n.runtimeProblems(node)); len(found) > 0 {
		// Each of these explains a missing handler or feature.
		return found
	}
	return n.handlerProblems(node, q.Handler)
}

// least is the version needed of something; the second value is false if any
// will do.
func (n Needs) least(of string) (Minimum, bool) {
	i := slices.IndexFunc(n.Versions, func(m Minimum) bool { return m.Of == of })
	if i < 0 {
		return Minimum{}, false
	}
	return n.Versions[i], true
}

func (n Needs) kubeletProblems(node *corev1.Node) []Problem {
	kubelet := node.Status.NodeInfo.KubeletVersion
	m, asked := n.least(Kubernetes)
	if !asked || !older(kubelet, m.Least) {
		return nil
	}
	return problem(ReasonKubeletTooOld, "the kubelet is %s, and %s %s: upgrade Kubernetes", kubelet, m.For, m.Least)
}

func (n Needs) kernelProblems(node *corev1.Node) []Problem {
	kernel := node.Status.NodeInfo.KernelVersion
	m, asked := n.least(Kernel)
	if !asked || !older(kernel, m.Least) {
		return nil
	}
	return problem(ReasonKernelTooOld, "the kernel is %s, and %s %s: upgrade the node's operating system", kernel, m.For, m.Least)
}

func (n Needs) runtimeProblems(node *corev1.Node) []Problem {
	kind, containerd, known := strings.Cut(node.Status.NodeInfo.ContainerRuntimeVersion, "://")
	m, asked := n.least(Containerd)
	switch {
	case !known:
		return nil
	case !slices.Contains(n.Runtimes, kind):
		will := strings.Join(n.Runtimes, " or ")
		return problem(ReasonOtherRuntime, "the container runtime is %s, and this profile is for %s: add a node with %s%s", kind, will, will, n.Otherwise)
	case kind == Containerd && asked && older(containerd, m.Least):
		return problem(ReasonContainerdTooOld, "containerd is %s, and %s %s: upgrade containerd", containerd, m.For, m.Least)
	}
	return nil
}

func (n Needs) handlerProblems(node *corev1.Node, handler string) []Problem {
	i := slices.IndexFunc(node.Status.RuntimeHandlers, func(h corev1.NodeRuntimeHandler) bool { return h.Name == handler })
	if i < 0 {
		kind, _, _ := strings.Cut(node.Status.NodeInfo.ContainerRuntimeVersion, "://")
		return problem(ReasonHandlerMissing, "%s has no handler %q: %s", cmp.Or(kind, "the container runtime"), handler, n.Install)
	}
	if !n.UserNamespaces {
		return nil
	}
	features := node.Status.RuntimeHandlers[i].Features
	if features == nil || features.UserNamespaces == nil {
		return problem(ReasonFeaturesNotStated, "handler %q does not say whether it has user namespaces: %s", handler, n.Upgrade)
	}
	if !ptr.Deref(features.UserNamespaces, false) {
		return problem(ReasonNoUserNamespaces,
			"handler %q has no user namespaces: %s, and check that user.max_user_namespaces is not 0", handler, n.Upgrade)
	}
	return nil
}

func problem(reason, format string, args ...any) []Problem {
	return []Problem{{Reason: reason, Message: fmt.Sprintf(format, args...)}}
}

// older says whether a version is known to be older than another. What cannot
// be read is not.
func older(have, want string) bool {
	v, err := version.ParseGeneric(have)
	return err == nil && v.LessThan(version.MustParseGeneric(want))
}
