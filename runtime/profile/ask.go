package profile

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Question is what to find out about the nodes of a host.
type Question struct {
	Nodes []corev1.Node
	// Handler that the RuntimeClass names; empty means the profile's own.
	Handler string
	// NodeSelector that the RuntimeClass schedules with.
	NodeSelector map[string]string
	// UserNamespace is how the RuntimeClass's pods ask for one.
	UserNamespace UserNamespace
	// Cgroup is how the RuntimeClass's pods get a writable one.
	Cgroup WritableCgroup
}

// Reasons why a node does not offer a runtime.
const (
	ReasonNotLinux          = "NotLinux"
	ReasonNotSelected       = "NotSelected"
	ReasonKubeletTooOld     = "KubeletTooOld"
	ReasonKernelTooOld      = "KernelTooOld"
	ReasonContainerdTooOld  = "ContainerdTooOld"
	ReasonOtherRuntime      = "OtherRuntime"
	ReasonHandlerMissing    = "HandlerMissing"
	ReasonNoUserNamespaces  = "NoUserNamespaces"
	ReasonFeaturesNotStated = "FeaturesNotStated"
	ReasonForeignHandler    = "ForeignHandler"
)

// Problem is one reason why a node does not offer a runtime. Message names what
// is wrong and the remedy, but not the node.
type Problem struct {
	Reason  string
	Message string
}

// NodeAnswer is what one node has to say.
type NodeAnswer struct {
	Node string
	// Problems are all that stands in the way; none means that the node offers
	// the runtime as far as it says.
	Problems []Problem
	// Seccomp is true if the node's label says that it has the profile's
	// seccomp profile.
	Seccomp bool
}

// Capable says whether the node offers the runtime.
func (n NodeAnswer) Capable() bool { return len(n.Problems) == 0 }

// Answer is what the nodes of a host have to say, sorted by name.
type Answer struct {
	Nodes []NodeAnswer
}

// Capable returns the nodes that offer the runtime.
func (a Answer) Capable() []NodeAnswer {
	return slices.DeleteFunc(slices.Clone(a.Nodes), func(n NodeAnswer) bool { return !n.Capable() })
}

// Seccomp says whether any node that offers the runtime has its seccomp
// profile.
func (a Answer) Seccomp() bool {
	return slices.ContainsFunc(a.Nodes, func(n NodeAnswer) bool { return n.Capable() && n.Seccomp })
}

// maxNames bounds how many nodes a message names for one problem.
const maxNames = 3

// Message says in one line why nodes do not offer the runtime, the most
// frequent problem first. It is empty if all do.
func (a Answer) Message() string {
	if len(a.Nodes) == 0 {
		return "the host has no nodes"
	}
	byMessage := map[string][]string{}
	for _, n := range a.Nodes {
		for _, p := range n.Problems {
			byMessage[p.Message] = append(byMessage[p.Message], n.Node)
		}
	}
	parts := make([]string, 0, len(byMessage))
	for _, message := range byFrequency(byMessage) {
		parts = append(parts, fmt.Sprintf("%s: %s", nameNodes(byMessage[message]), message))
	}
	return strings.Join(parts, "; ")
}

// byFrequency sorts messages by how many nodes they are about, then by text.
func byFrequency(byMessage map[string][]string) []string {
	messages := make([]string, 0, len(byMessage))
	for m := range byMessage {
		messages = append(messages, m)
	}
	slices.SortFunc(messages, func(a, b string) int {
		if d := len(byMessage[b]) - len(byMessage[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return messages
}

func nameNodes(names []string) string {
	if len(names) == 1 {
		return "node " + names[0]
	}
	if len(names) <= maxNames {
		return "nodes " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("nodes %s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
}
