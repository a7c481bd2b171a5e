package hostcheck

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// roomMemory is what one server with its own pods uses, rounded up from what
// docs/performance.md says was measured. Node pods request nothing unless they
// are told to, so that less is no reason to refuse one.
var roomMemory = resource.MustParse("1Gi")

// plenty are limits that no runtime finds too small.
func plenty() corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("256Gi")}
}

// room is what nobody has requested of a node.
type room struct {
	memory resource.Quantity
	cpu    resource.Quantity
	pods   int64
}

// capacity looks whether some node that node pods can be placed on has room.
func capacity(f *facts) []doctor.Finding {
	if f.Nodes.Err != nil {
		return nil
	}
	if f.Pods.Err != nil {
		return unseen(groupNodes, checkCapacity, f.Pods.Err)
	}
	var full []string
	var best string
	var most room
	for i := range f.Nodes.Value {
		n := &f.Nodes.Value[i]
		if _, no := f.unusable[n.Name]; no {
			continue
		}
		left := roomOn(n, f.Pods.Value)
		if left.pods < 1 || left.memory.Cmp(roomMemory) < 0 {
			full = append(full, n.Name)
		}
		if best == "" || left.memory.Cmp(most.memory) > 0 {
			best, most = n.Name, left
		}
	}
	if best == "" {
		return nil
	}
	found := well(groupNodes, checkCapacity, fmt.Sprintf("most is left on node %s: %s", best, most))
	if len(full) == 0 {
		return one(found)
	}
	found.Outcome, found.Nodes = doctor.Warning, full
	found.Found = "hardly anything is left; " + found.Found
	found.Needed = fmt.Sprintf("about %s of memory and one more pod for a cluster of one server", roomMemory.String())
	found.Fix = "add nodes, or make room: " + f.Kubectl("describe", "node", full[0])
	return one(found)
}

// String says it for people.
func (r room) String() string {
	return fmt.Sprintf("%s of memory, %s CPUs and %d pods not requested by others", mebibytes(r.memory), r.cpu.String(), r.pods)
}

func mebibytes(q resource.Quantity) string {
	return strings.TrimSpace(fmt.Sprintf("%.1f GiB", float64(q.Value())/(1<<30)))
}

func roomOn(n *corev1.Node, pods []corev1.Pod) room {
	left := room{memory: *n.Status.Allocatable.Memory(), cpu: *n.Status.Allocatable.Cpu(), pods: n.Status.Allocatable.Pods().Value()}
	for i := range pods {
		p := &pods[i]
		if p.Spec.NodeName != n.Name {
			continue
		}
		left.pods--
		for _, list := range requests(p) {
			left.memory.Sub(*list.Memory())
			left.cpu.Sub(*list.Cpu())
		}
	}
	return left
}

// requests are those of a pod's containers, of its side-cars, and its overhead.
// Other init containers have ended.
func requests(p *corev1.Pod) []corev1.ResourceList {
	all := []corev1.ResourceList{p.Spec.Overhead}
	for i := range p.Spec.Containers {
		all = append(all, p.Spec.Containers[i].Resources.Requests)
	}
	for i := range p.Spec.InitContainers {
		if c := &p.Spec.InitContainers[i]; c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, c.Resources.Requests)
		}
	}
	return all
}
