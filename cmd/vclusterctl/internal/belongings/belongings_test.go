package belongings

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestStatus(t *testing.T) {
	at := metav1.NewTime(time.Unix(1, 0))
	waiting := []corev1.ContainerStatus{{RestartCount: 2, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
	unscheduled := []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}
	cases := map[string]struct {
		reason string
		pod    corev1.Pod
		want   string
	}{
		"Phase":       {reason: "Nothing holds it up.", pod: corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}}, want: "Running"},
		"Waiting":     {reason: "Its image does.", pod: corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: waiting}}, want: "ImagePullBackOff"},
		"Unscheduled": {reason: "No node takes it.", pod: corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: unscheduled}}, want: "Unschedulable"},
		"Terminating": {reason: "It goes, whatever else.", pod: corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &at}, Status: corev1.PodStatus{ContainerStatuses: waiting}}, want: "Terminating"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := OfPod(&tc.pod).Status; got != tc.want {
				t.Errorf("%s\nOfPod(): got status %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestOfEvents(t *testing.T) {
	at := func(s int64) metav1.Time { return metav1.NewTime(time.Unix(s, 0)) }
	micro := func(s int64) metav1.MicroTime { return metav1.NewMicroTime(time.Unix(s, 0)) }
	pod := corev1.ObjectReference{Kind: "Pod", Name: "dev-server-0"}
	got := OfEvents([]corev1.Event{
		{Reason: "Series", EventTime: micro(1), Series: &corev1.EventSeries{Count: 7, LastObservedTime: micro(9)}},
		{Reason: "Counted", FirstTimestamp: at(1), LastTimestamp: at(5), Count: 3},
		{Reason: "New", EventTime: micro(4), Type: corev1.EventTypeWarning, Message: "two\n  lines", InvolvedObject: pod},
		{Reason: "Bare", ObjectMeta: metav1.ObjectMeta{CreationTimestamp: at(2)}},
	})
	want := []Event{
		{At: time.Unix(2, 0), Reason: "Bare", Object: "/"},
		{At: time.Unix(4, 0), Reason: "New", Type: corev1.EventTypeWarning, Message: "two lines", Object: "pod/dev-server-0"},
		{At: time.Unix(5, 0), Reason: "Counted", Times: 3, Object: "/"},
		{At: time.Unix(9, 0), Reason: "Series", Times: 7, Object: "/"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("OfEvents(): oldest first, each when it came last; -want, +got:\n%s", diff)
	}
	if !got[1].Warning() || got[0].Warning() {
		t.Error("only New is a warning")
	}
}
