package belongings

import (
	"slices"
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
		Status: status(pod), Created: pod.CreationTimestamp.Time,
		Ready: slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}),
	}
	for _, s := range pod.Status.ContainerStatuses {
		p.Restarts += s.RestartCount
	}
	return p
}

// status is the phase, or what holds the pod up.
func status(pod *corev1.Pod) string {
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
