package virtualcluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// trouble is what keeps a pod from running.
type trouble struct{ reason, message string }

// podChecks are asked in order, the most telling first.
var podChecks = []func(*corev1.Pod) (trouble, bool){
	podFailed,
	podUnschedulable,
	podWaiting,
	podRestarting,
}

// podTrouble says what is wrong with a pod, if something is.
func podTrouble(p *corev1.Pod) (trouble, bool) {
	for _, c := range podChecks {
		if t, bad := c(p); bad {
			return t, true
		}
	}
	return trouble{}, false
}

// podFailed tells of pods that the kubelet refused or that were evicted. Their
// StatefulSet makes them anew.
func podFailed(p *corev1.Pod) (trouble, bool) {
	if p.Status.Phase != corev1.PodFailed {
		return trouble{}, false
	}
	return trouble{v1alpha1.ReasonPodRejected, fmt.Sprintf(
		"pod %q failed on node %q (%s); it is made anew%s", p.Name, p.Spec.NodeName,
		because(p.Status.Reason, p.Status.Message), afterEviction(p))}, true
}

// afterEviction says how to keep the next pod from the same end.
func afterEviction(p *corev1.Pod) string {
	if p.Status.Reason != "Evicted" {
		return ""
	}
	return "; to keep that from happening again, make room on the node, or request in resources what the pod uses"
}

func podUnschedulable(p *corev1.Pod) (trouble, bool) {
	if !isUnschedulable(*p) {
		return trouble{}, false
	}
	return trouble{v1alpha1.ReasonUnschedulable, fmt.Sprintf(
		"pod %q cannot be placed on a node: %s", p.Name, trim(podCondition(p, corev1.PodScheduled).Message))}, true
}

func isUnschedulable(p corev1.Pod) bool {
	c := podCondition(&p, corev1.PodScheduled)
	return c != nil && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
}

// imageReasons are the kubelet's words for an image that it cannot get.
var imageReasons = map[string]bool{
	"ErrImagePull":        true,
	"ImagePullBackOff":    true,
	"ErrImageNeverPull":   true,
	"InvalidImageName":    true,
	"RegistryUnavailable": true,
}

// containerReasons are its words for a container that it cannot start.
var containerReasons = map[string]bool{
	"CreateContainerConfigError": true,
	"CreateContainerError":       true,
	"RunContainerError":          true,
}

func podWaiting(p *corev1.Pod) (trouble, bool) {
	for _, c := range p.Status.ContainerStatuses {
		w := c.State.Waiting
		switch {
		case w == nil:
		case imageReasons[w.Reason]:
			return trouble{v1alpha1.ReasonImagePullFailed, fmt.Sprintf(
				"pod %q: image %q cannot be pulled on node %q (%s); load it onto the node, or make it available to it: "+
					"the kubelet tries again every few minutes, and at once if you delete the pod",
				p.Name, specImage(p, c.Name), p.Spec.NodeName, because(w.Reason, w.Message))}, true
		case containerReasons[w.Reason]:
			return trouble{v1alpha1.ReasonNodeProblem, fmt.Sprintf(
				"pod %q: the container cannot be started on node %q (%s)", p.Name, p.Spec.NodeName, because(w.Reason, w.Message))}, true
		}
	}
	return trouble{}, false
}

func podRestarting(p *corev1.Pod) (trouble, bool) {
	for _, c := range p.Status.ContainerStatuses {
		t := c.LastTerminationState.Terminated
		if c.State.Running == nil && t != nil {
			return trouble{v1alpha1.ReasonNodeProblem, fmt.Sprintf(
				"pod %q: the node stopped with exit code %d on node %q (%s); kubectl logs -p %s shows its last words",
				p.Name, t.ExitCode, p.Spec.NodeName, because(t.Reason, t.Message), p.Name)}, true
		}
	}
	return trouble{}, false
}

// sandboxTrouble tells why a placed pod does not come up although no container
// says anything: its sandbox cannot be made, for example because the runtime
// has no such handler. The kubelet tells that in events only, so the words are
// about where to look.
func sandboxTrouble(p *corev1.Pod) (trouble, bool) {
	c := podCondition(p, corev1.PodReadyToStartContainers)
	if p.Spec.NodeName == "" || c == nil || c.Status != corev1.ConditionFalse {
		return trouble{}, false
	}
	return trouble{v1alpha1.ReasonBooting, fmt.Sprintf(
		"pod %q: node %q is preparing it; if that takes long, kubectl describe pod %s shows why", p.Name, p.Spec.NodeName, p.Name)}, true
}

func podCondition(p *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == t {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

func podReady(p *corev1.Pod) bool {
	c := podCondition(p, corev1.PodReady)
	return p.DeletionTimestamp == nil && c != nil && c.Status == corev1.ConditionTrue
}

func specImage(p *corev1.Pod, container string) string {
	for _, c := range p.Spec.Containers {
		if c.Name == container {
			return c.Image
		}
	}
	return ""
}

func because(reason, message string) string {
	switch {
	case message == "":
		return reason
	case reason == "":
		return trim(message)
	default:
		return reason + ": " + trim(message)
	}
}
