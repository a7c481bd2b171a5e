package virtualcluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// expectedNode is a node that the spec wants.
type expectedNode struct {
	name string
	// pod is the one that it runs in; nil where there is none.
	pod *corev1.Pod
}

// expectedNodes are all that the spec wants. Pods of servers that run the control
// plane alone are none.
func (s *Scope) expectedNodes() []expectedNode {
	var out []expectedNode
	for _, g := range s.groups() {
		if s.runsNoPods(g) {
			continue
		}
		for i := range g.Replicas {
			out = append(out, expectedNode{
				name: fmt.Sprintf("%s-%d", g.Name, i),
				pod:  s.podNamed(fmt.Sprintf("%s-%d", cluster.GroupName(s.vc.Name, g.Name), i)),
			})
		}
	}
	return out
}

func (s *Scope) podNamed(name string) *corev1.Pod {
	i := slices.IndexFunc(s.pods, func(p corev1.Pod) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &s.pods[i]
}

// notCounted says why a node does not count; empty if it does. The cluster inside
// takes a node for Ready until its kubelet has been silent for most of a minute,
// so the pod is asked first: what it says is known at once.
func (s *Scope) notCounted(e expectedNode, n guestapi.NodeState) string {
	switch lack := podLack(e.pod); {
	case lack != "":
		return lack
	case n.Name == "":
		return "it has not registered inside"
	case !n.Ready:
		return cmp.Or(trim(n.Message), "its kubelet says no more")
	case s.restarted(e.pod):
		return "its container was restarted, and has not reported since"
	case s.spokenBefore(e.pod, n):
		return "its kubelet has not spoken since the node started"
	default:
		return ""
	}
}

// podLack is what is wrong with the pod of a node.
func podLack(p *corev1.Pod) string {
	switch {
	case p == nil:
		return "its pod is missing"
	case p.DeletionTimestamp != nil:
		return "its pod is terminating"
	case !podReady(p):
		return "its pod is not ready"
	default:
		return ""
	}
}

// restarted says whether the last report of a pod is from before its container
// was started again. Of a guest that has been silent for a minute since, nothing
// is to be expected, and the cluster inside knows by then.
func (s *Scope) restarted(p *corev1.Pod) bool {
	snapshot, heard := s.reports[p.UID]
	return heard && !snapshot.Silent && snapshot.Restarts != restarts(p)
}

func restarts(p *corev1.Pod) int32 {
	var n int32
	for _, c := range p.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}

// spokenBefore says whether what the cluster inside holds of a node was said by a
// kubelet before the node started. No clock is asked: a node has another machine
// ID each time, and its kubelet states that together with being Ready.
func (s *Scope) spokenBefore(p *corev1.Pod, n guestapi.NodeState) bool {
	snapshot, heard := s.reports[p.UID]
	own := snapshot.Report.MachineID
	return heard && !snapshot.Silent && own != "" && n.MachineID != "" && own != n.MachineID
}

// lacking decides while no server reports: a node without a pod that is ready is
// none, whatever was known before.
func (s *Scope) lacking(serving []corev1.Pod) bool {
	var missing []string
	for _, e := range s.expectedNodes() {
		if lack := podLack(e.pod); lack != "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", e.name, lack))
		}
	}
	t := trouble{v1alpha1.ReasonBooting, fmt.Sprintf("pod %q: its container was restarted, and has not reported since", serving[0].Name)}
	if len(missing) > 0 {
		t = s.nodeTrouble(guestapi.Report{}, missing)
	} else if !s.restarted(&serving[0]) {
		return false
	}
	s.vc.Status.Nodes = 0
	s.set(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, t.reason, t.message)
	return true
}

// several names nodes, at most maxLeft of them.
func several(named []string) string {
	if more := len(named) - maxLeft; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(named[:maxLeft], ", "), more)
	}
	return strings.Join(named, ", ")
}
