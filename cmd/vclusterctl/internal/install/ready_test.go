package install

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// waitingPod is a pod of the controller whose container waits.
func waitingPod(reason, message string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "pod-1", Labels: ControllerLabels()},
		Spec:       corev1.PodSpec{NodeName: "host-0", Containers: []corev1.Container{{Name: "controller", Image: "localhost/c:v1"}}},
		Status: corev1.PodStatus{
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady", Message: "unready"}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "controller", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
			}},
		},
	}
}

func TestPodTrouble(t *testing.T) {
	cases := map[string]struct {
		reason string
		pod    *corev1.Pod
		want   string
	}{
		"NeverPull": {"The image is named whatever the kubelet says.", waitingPod("ErrImageNeverPull", "not present"), `pod pod-1 cannot have its image "localhost/c:v1" on node "host-0": ErrImageNeverPull: not present`},
		"BackOff":   {"Nor need its words name it.", waitingPod("ImagePullBackOff", "Back-off"), `pod pod-1 cannot have its image "localhost/c:v1" on node "host-0": ImagePullBackOff: Back-off`},
		"Other":     {"Other causes are passed on.", waitingPod("CreateContainerConfigError", "no secret"), "pod pod-1: CreateContainerConfigError: no secret"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := podTrouble(tc.pod); got != tc.want {
				t.Errorf("%s\npodTrouble() = %s, want %s", tc.reason, got, tc.want)
			}
		})
	}
}

// listThenWatch tells client-go that the fake cannot stream a list.
type listThenWatch struct{ client.WithWatch }

func (*listThenWatch) IsWatchListSemanticsUnSupported() bool { return true }

// TestAwaitControllerTellsOfItsImage: nobody has to wait until the time is over to
// hear that the image is not there.
func TestAwaitControllerTellsOfItsImage(t *testing.T) {
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: Name}}
	c := &listThenWatch{fake.NewClientBuilder().WithScheme(scheme.Scheme).
		WithIndex(&appsv1.Deployment{}, "metadata.name", byName).
		WithObjects(deployment, waitingPod("ErrImageNeverPull", "not present")).Build()}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var told []string
	err := AwaitController(ctx, c, "system", func(trouble string) {
		told = append(told, trouble)
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("AwaitController() = %v", err)
	}
	if len(told) != 1 || !strings.Contains(told[0], `"localhost/c:v1"`) || !strings.Contains(told[0], "ErrImageNeverPull") {
		t.Errorf("told: %q", told)
	}
}
