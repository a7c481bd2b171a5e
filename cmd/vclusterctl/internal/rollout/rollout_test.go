package rollout

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestOutcome(t *testing.T) {
	state := func(s corev1.ContainerState) *corev1.Pod {
		return &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{State: s}}}}
	}
	cases := map[string]struct {
		reason string
		pod    *corev1.Pod
		left   string
		done   bool
		err    string
	}{
		"New":     {reason: "Nobody has said anything yet.", pod: &corev1.Pod{}},
		"Pulling": {reason: "An image takes its time.", pod: state(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}})},
		"Runs":    {reason: "It is at work.", pod: state(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})},
		"Said":    {reason: "Also where it failed: what it says counts.", pod: state(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: "{}"}}), left: "{}", done: true},
		"Silent":  {reason: "Another program, or one that was killed.", pod: state(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}}), err: "code 137 (OOMKilled)"},
		"NoImage": {reason: "Waiting brings none.", pod: state(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImageNeverPull", Message: "absent"}}), err: "ErrImageNeverPull: absent"},
		"Evicted": {reason: "The node would not have it.", pod: &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "disk"}}, err: "Evicted: disk"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			left, done, err := outcome(tc.pod)
			if left != tc.left || done != tc.done || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s got %q, %t, %v", tc.reason, left, done, err)
			}
		})
	}
}

// The pod gets to its node whatever keeps others off it, and has nothing with
// which it could talk to the API server.
func TestPod(t *testing.T) {
	r := &Rollout{Params: Params{Image: "i"}, namespace: &corev1.Namespace{}}
	pod := r.pod("a", nil)
	if pod.Spec.NodeName != "a" || !pod.Spec.HostPID || pod.Spec.HostNetwork {
		t.Errorf("%+v", pod.Spec)
	}
	if ptr.Deref(pod.Spec.AutomountServiceAccountToken, true) || ptr.Deref(pod.Spec.EnableServiceLinks, true) {
		t.Error("it has a token, or is told of Services")
	}
	if pod.Spec.Tolerations[0] != (corev1.Toleration{Operator: corev1.TolerationOpExists}) {
		t.Errorf("a taint keeps it off: %+v", pod.Spec.Tolerations)
	}
}
