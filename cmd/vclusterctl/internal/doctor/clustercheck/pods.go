package clustercheck

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/belongings"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// hostNodes looks at the machines under the pods.
func hostNodes(f *facts) []doctor.Finding {
	var all []doctor.Finding
	well := 0
	for _, name := range sortedNames(f.HostNodes) {
		seen := f.HostNodes[name]
		if seen.Err != nil {
			all = append(all, unseen(groupPods, checkHostNodes, seen.Err)...)
			continue
		}
		if why := troubleOf(seen.Value); why != "" {
			all = append(all, doctor.Finding{
				Group: groupPods, Check: checkHostNodes, Outcome: doctor.Problem, Found: fmt.Sprintf("node %s of the host, which carries nodes of the cluster: %s", name, why),
				Needed: "a node that is Ready and evicts nobody", Fix: f.Kubectl("describe", "node", name),
			})
			continue
		}
		well++
	}
	if well > 0 {
		all = append(all, finding(groupPods, checkHostNodes, doctor.OK, counted(well, "node")+" of the host under it, Ready and with room"))
	}
	return doctor.PerNode(all)
}

func troubleOf(n *corev1.Node) string {
	var words []string
	for _, c := range n.Status.Conditions {
		switch {
		case c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue:
			words = append(words, "not Ready: "+printable.Line(c.Message))
		case c.Type != corev1.NodeReady && strings.HasSuffix(string(c.Type), "Pressure") && c.Status == corev1.ConditionTrue:
			words = append(words, printable.Line(string(c.Type)))
		}
	}
	return strings.Join(words, ", ")
}

// pods looks at each node pod, in the words of whoever holds it up.
func pods(f *facts) []doctor.Finding {
	if f.Pods.Err != nil {
		return unseen(groupPods, checkPods, f.Pods.Err)
	}
	if len(f.Pods.Value) == 0 {
		if f.Cluster.Spec.Lifecycle.IsPaused() {
			return ok(groupPods, checkPods, "none, as long as it is paused")
		}
		return one(doctor.Finding{
			Group: groupPods, Check: checkPods, Outcome: doctor.Problem, Found: "it has no node pods", Needed: "at least that of a server",
			Fix: f.Kubectl("describe", "statefulset", cluster.GroupName(f.Cluster.Name, cluster.ServerGroup), "-n", f.Cluster.Namespace),
		})
	}
	var all []doctor.Finding
	for i := range f.Pods.Value {
		p := &f.Pods.Value[i]
		if row := belongings.OfPod(p); !row.Ready {
			all = append(all, f.notReady(p, row.Status))
		}
	}
	if n := len(f.Pods.Value) - len(all); n > 0 {
		all = append(all, finding(groupPods, checkPods, doctor.OK, fmt.Sprintf("%d of %d ready", n, len(f.Pods.Value))))
	}
	return all
}

func (f *facts) notReady(p *corev1.Pod, status string) doctor.Finding {
	x := doctor.Finding{
		Group: groupPods, Check: checkPods, Outcome: doctor.Problem, Found: fmt.Sprintf("pod %s is not ready: %s", p.Name, status),
		Needed: "a pod whose node serves", Fix: f.Kubectl("describe", "pod", p.Name, "-n", p.Namespace),
	}
	if why := holdUp(p); why != "" {
		x.Found += ": " + why
	} else if why := f.latestWarning(p.Name); why != "" {
		x.Found += ": " + why
	}
	if isRunning(p) {
		x.Fix = f.Own("logs")
	}
	return x
}

func isRunning(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.State.Running != nil })
}

// holdUp is what the pod itself says.
func holdUp(p *corev1.Pod) string {
	for _, c := range p.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil && w.Message != "" {
			return printable.Line(w.Message)
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return printable.Line(c.Message)
		}
	}
	return printable.Line(p.Status.Message)
}

// latestWarning is what was told last of a pod: of one whose sandbox cannot be
// made, and of volumes, nothing else tells.
func (f *facts) latestWarning(pod string) string {
	all := belongings.OfEvents(f.Events.Value)
	for _, e := range slices.Backward(all) {
		if e.Warning() && e.Object == "pod/"+pod {
			return e.Reason + ": " + e.Message
		}
	}
	return ""
}

func restarts(f *facts) []doctor.Finding {
	var all []doctor.Finding
	for i := range f.Pods.Value {
		for _, c := range f.Pods.Value[i].Status.ContainerStatuses {
			if c.RestartCount == 0 {
				continue
			}
			x := doctor.Finding{
				Group: groupPods, Check: checkRestarts, Outcome: doctor.Warning, Needed: "none",
				Found: fmt.Sprintf("pod %s was restarted %s", f.Pods.Value[i].Name, times(c.RestartCount)),
				Fix:   f.Kubectl("logs", "-p", f.Pods.Value[i].Name, "-n", f.Pods.Value[i].Namespace) + " shows its last words",
			}
			if t := c.LastTerminationState.Terminated; t != nil {
				x.Found += fmt.Sprintf("; last it ended with code %d (%s), %s", t.ExitCode, t.Reason, f.ago(t.FinishedAt.Time))
				if t.Reason == "OOMKilled" {
					x.Fix = "raise resources.limits.memory of its servers or pool"
				}
			}
			all = append(all, x)
		}
	}
	return all
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// nearlyFull is a part of something, in percent, from which on it is worth a
// warning; full is where it is too late.
const (
	nearlyFull = 85
	full       = 95
)

// memory compares what node pods use with what they may.
func memory(f *facts) []doctor.Finding {
	var all []doctor.Finding
	for i := range f.Pods.Value {
		p := &f.Pods.Value[i]
		use, known := f.Usage.Value[p.Name]
		if !known || len(p.Spec.Containers) == 0 {
			continue
		}
		limit := p.Spec.Containers[0].Resources.Limits.Memory().Value()
		if limit <= 0 || percent(use.Memory, uint64(limit)) < nearlyFull {
			continue
		}
		all = append(all, doctor.Finding{
			Group: groupPods, Check: checkMemory, Outcome: doctor.Warning,
			Found:  fmt.Sprintf("pod %s uses %s of the %s that it may", p.Name, size(use.Memory), size(uint64(limit))),
			Needed: "room below its limit", Fix: "raise resources.limits.memory of its servers or pool",
		})
	}
	return all
}

func percent(used, of uint64) uint64 {
	if of == 0 {
		return 0
	}
	return used * 100 / of
}

func size(bytes uint64) string {
	const gib = 1 << 30
	if bytes >= gib {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/gib)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}

func lastWords(f *facts) []doctor.Finding {
	if len(f.LastWords.Lines) == 0 {
		return nil
	}
	return one(doctor.Finding{
		Group: groupPods, Check: checkLastWords, Outcome: doctor.Warning,
		Found: fmt.Sprintf("node %s said last: %s", f.LastWords.Node, printable.Line(f.LastWords.Lines[len(f.LastWords.Lines)-1])),
		Fix:   f.Own("logs"),
	})
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
