package row

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Pod is what a line says of a node pod.
type Pod struct {
	Name, Role, Status, Node string
	Ready                    bool
	Restarts                 int32
	Created                  time.Time
}

// OfPod is the line of a node pod.
func OfPod(pod *corev1.Pod) Pod {
	p := Pod{
		Name: pod.Name, Role: pod.Labels[v1alpha1.LabelRole], Node: pod.Spec.NodeName,
		Status: podStatus(pod), Created: pod.CreationTimestamp.Time,
		Ready: slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}),
	}
	for _, s := range pod.Status.ContainerStatuses {
		p.Restarts += s.RestartCount
	}
	return p
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

// Event is what a line says of an event.
type Event struct {
	At              time.Time
	Warning         bool
	Reason, Message string
	// Object is kind/name, with how often if more than once.
	Object string
	Times  int32
}

// OfEvents are the lines of events, the youngest first.
func OfEvents(events []corev1.Event) []Event {
	all := make([]Event, len(events))
	for i := range events {
		all[i] = ofEvent(&events[i])
	}
	slices.SortStableFunc(all, func(a, b Event) int { return b.At.Compare(a.At) })
	return all
}

func ofEvent(e *corev1.Event) Event {
	o := Event{
		At: e.LastTimestamp.Time, Warning: e.Type == corev1.EventTypeWarning, Reason: e.Reason, Times: e.Count,
		Message: strings.Join(strings.Fields(e.Message), " "),
		Object:  fmt.Sprintf("%s/%s", strings.ToLower(e.InvolvedObject.Kind), e.InvolvedObject.Name),
	}
	if e.Series != nil {
		o.At, o.Times = e.Series.LastObservedTime.Time, e.Series.Count
	}
	for _, at := range []time.Time{e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time} {
		if o.At.IsZero() {
			o.At = at
		}
	}
	return o
}
