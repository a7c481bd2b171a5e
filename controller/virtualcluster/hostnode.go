package virtualcluster

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// overdue is how long after its time a pod that goes may still be there before
// its node is to blame. The time includes what the pod was given to end.
const overdue = 30 * time.Second

// hostTrouble tells of pods that go, and of pods on nodes of the host that do
// not answer: what such a pod said last is not true any more.
func (s *Scope) hostTrouble(p *corev1.Pod) (trouble, bool) {
	node := s.hostNode(p.Spec.NodeName)
	lost := p.Spec.NodeName != "" && (node == nil || !nodeReady(*node))
	switch {
	case p.DeletionTimestamp != nil:
		return s.leaving(p, lost), true
	case lost && !podReady(p):
		return trouble{v1alpha1.ReasonHostNodeLost, fmt.Sprintf("pod %q: node %q of the host is %s", p.Name, p.Spec.NodeName, absence(node))}, true
	default:
		return trouble{}, false
	}
}

// leaving tells of a pod that was drained, evicted or deleted.
func (s *Scope) leaving(p *corev1.Pod, lost bool) trouble {
	due := p.DeletionTimestamp.Add(overdue)
	switch {
	case s.now.Before(due):
		s.comeBack(due.Sub(s.now))
		return trouble{v1alpha1.ReasonProgressing, fmt.Sprintf(
			"pod %q ends, because it was deleted, or its node drained; the next one starts after it", p.Name)}
	case lost:
		return trouble{v1alpha1.ReasonHostNodeLost, fmt.Sprintf(
			"pod %q was told to end, and nobody confirms that it has: node %q of the host is %s",
			p.Name, p.Spec.NodeName, absence(s.hostNode(p.Spec.NodeName)))}
	default:
		return trouble{v1alpha1.ReasonNodeProblem, fmt.Sprintf(
			"pod %q was told to end and has not, on node %q; kubectl describe pod %s shows what it waits for, for example a volume or a finalizer",
			p.Name, p.Spec.NodeName, p.Name)}
	}
}

// absence says what is wrong with a node of the host, and how a pod gets off
// one that does not come back: Kubernetes itself starts no second pod of a name
// while the first may still run.
func absence(n *corev1.Node) string {
	if n == nil {
		return "gone; the host takes the pod away by itself, and it is made anew on another node that can reach its volume"
	}
	return fmt.Sprintf("not Ready; the pod goes on when the node comes back, and if it never does: kubectl delete node %s, "+
		"and the pod is made anew on another one that can reach its volume", n.Name)
}

func (s *Scope) hostNode(name string) *corev1.Node {
	i := slices.IndexFunc(s.nodes, func(n corev1.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return &s.nodes[i]
}
