package describe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func (p *page) pods(pods []corev1.Pod) {
	p.section("Node pods", "POD", "ROLE", "READY", "STATUS", "RESTARTS", "NODE", "AGE")
	if len(pods) == 0 {
		p.row("", "<none>")
	}
	for i := range pods {
		pod := &pods[i]
		p.row("", pod.Name, pod.Labels[v1alpha1.LabelRole], podReady(pod), podStatus(pod),
			fmt.Sprint(restarts(pod)), orNone(pod.Spec.NodeName), p.age(pod.CreationTimestamp.Time))
	}
}

func podReady(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return "yes"
		}
	}
	return "no"
}

// podStatus is the phase, or what holds the pod up.
func podStatus(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "Terminating"
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Waiting != nil && s.State.Waiting.Reason != "" {
			return s.State.Waiting.Reason
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason
		}
	}
	return string(pod.Status.Phase)
}

func restarts(pod *corev1.Pod) (n int32) {
	for _, s := range pod.Status.ContainerStatuses {
		n += s.RestartCount
	}
	return n
}

func (p *page) events(events []corev1.Event) {
	p.section("Events", "LAST", "TYPE", "REASON", "OBJECT", "MESSAGE")
	if len(events) == 0 {
		p.row("", "<none>")
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b corev1.Event) int { return lastSeen(&a).Compare(lastSeen(&b)) })
	for i := range events {
		e := &events[i]
		object := strings.ToLower(e.InvolvedObject.Kind) + "/" + e.InvolvedObject.Name
		p.row("", p.age(lastSeen(e))+times(e), e.Type, e.Reason, object, strings.Join(strings.Fields(e.Message), " "))
	}
}

// times says how often an event that came more than once did.
func times(e *corev1.Event) string {
	n := e.Count
	if e.Series != nil {
		n = e.Series.Count
	}
	if n <= 1 {
		return ""
	}
	return fmt.Sprintf(" (x%d)", n)
}

// lastSeen looks into all the places where the two event APIs keep it.
func lastSeen(e *corev1.Event) time.Time {
	times := []time.Time{e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time}
	if e.Series != nil {
		times = append([]time.Time{e.Series.LastObservedTime.Time}, times...)
	}
	i := slices.IndexFunc(times, func(t time.Time) bool { return !t.IsZero() })
	return times[max(i, 0)]
}

// SortPods puts servers before pools, and each group in the order of its
// ordinals.
func SortPods(pods []corev1.Pod) {
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		if server := compareBool(isServer(a), isServer(b)); server != 0 {
			return server
		}
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
}

func isServer(pod corev1.Pod) bool { return pod.Labels[v1alpha1.LabelRole] == "server" }

// compareBool puts true first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
