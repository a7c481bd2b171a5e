package virtualcluster

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// aPod is a placed pod of the servers, changed by the case.
func aPod(change ...func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "dev-server-0", UID: "boot-1", Labels: map[string]string{v1alpha1.LabelPool: "server"}},
		Spec:       corev1.PodSpec{NodeName: "host-a", Containers: []corev1.Container{{Name: "node", Image: "example.com/node:1"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodPending, PodIP: "10.0.0.9"},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func waitingFor(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "node", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
		}}
	}
}

func isReadyPod(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

// unready is a pod that is not ready since some time after noon.
func unready(after time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(noon.Add(after)),
		}}
	}
}

func TestPodTrouble(t *testing.T) {
	cases := map[string]struct {
		reason string
		pod    corev1.Pod
		want   string // reason of the trouble; empty for none
		words  []string
	}{
		"Fine":     {reason: "A pod that starts has no trouble.", pod: aPod(waitingFor("ContainerCreating", ""))},
		"Ready":    {reason: "Nor has one that is ready.", pod: aPod(isReadyPod)},
		"ErrImage": {reason: "The image and the node are named.", pod: aPod(waitingFor("ErrImagePull", "not found")), want: v1alpha1.ReasonImagePullFailed, words: []string{"example.com/node:1", "host-a", "not found"}},
		"BackOff":  {reason: "The kubelet's back-off is the same trouble.", pod: aPod(waitingFor("ImagePullBackOff", "")), want: v1alpha1.ReasonImagePullFailed, words: []string{"example.com/node:1"}},
		"Create":   {reason: "The container runtime's words are passed on.", pod: aPod(waitingFor("CreateContainerError", "no such handler")), want: v1alpha1.ReasonNodeProblem, words: []string{"no such handler"}},
		"Unschedulable": {
			reason: "The scheduler's words are passed on.",
			pod: aPod(func(p *corev1.Pod) {
				p.Spec.NodeName = ""
				p.Status.Conditions = []corev1.PodCondition{{
					Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
					Message: "0/3 nodes are available: 3 Insufficient memory.",
				}}
			}),
			want: v1alpha1.ReasonUnschedulable, words: []string{"3 Insufficient memory"},
		},
		"Failed": {
			reason: "The kubelet can refuse a pod.",
			pod: aPod(func(p *corev1.Pod) {
				p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "UnexpectedAdmissionError", "no"
			}),
			want: v1alpha1.ReasonPodRejected, words: []string{"UnexpectedAdmissionError", "host-a"},
		},
		"Restarting": {
			reason: "A node that stops is not one that boots.",
			pod: aPod(func(p *corev1.Pod) {
				waitingFor("CrashLoopBackOff", "back-off")(p)
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 255, Reason: "Error"}
			}),
			want: v1alpha1.ReasonNodeProblem, words: []string{"255", "kubectl logs -p dev-server-0"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, _ := podTrouble(&tc.pod)
			if got.reason != tc.want {
				t.Errorf("%s\npodTrouble() = %+v, want %s", tc.reason, got, tc.want)
			}
			for _, word := range tc.words {
				if !strings.Contains(got.message, word) {
					t.Errorf("%s\nthe message does not say %q: %s", tc.reason, word, got.message)
				}
			}
		})
	}
}

// TestUnschedulableFields: the fields to look at are named, the class of a
// volume that waits first.
func TestUnschedulableFields(t *testing.T) {
	const (
		others    = "nodeSelector, tolerations, affinity and resources of "
		unbound   = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
		noVolumes = "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind."
		noSpace   = "0/1 nodes are available: 1 node(s) did not have enough free storage."
		noRoom    = "0/2 nodes are available: 1 Insufficient ephemeral-storage, 2 Insufficient memory. preemption: 0/2 nodes are available."
		tooMany   = "0/1 nodes are available: 1 node(s) exceed max volume count."
	)
	cases := map[string]struct {
		reason string
		group  int
		phase  corev1.PersistentVolumeClaimPhase
		class  *string
		said   string // by the scheduler
		want   []string
		not    string
	}{
		"NoClass":    {reason: "The class is the host's default.", said: unbound, phase: corev1.ClaimPending, want: []string{others + "spec.servers"}, not: "className"},
		"Bound":      {reason: "The volume is not in the way.", said: unbound, phase: corev1.ClaimBound, class: ptr.To("fast"), want: []string{others + "spec.servers"}, not: "className"},
		"Class":      {reason: "The class may not exist.", said: unbound, phase: corev1.ClaimPending, class: ptr.To("fast"), want: []string{`spec.servers.storage.className "fast"`, others}},
		"Pool":       {reason: "Pools are named.", said: unbound, group: 1, phase: corev1.ClaimPending, class: ptr.To("fast"), want: []string{`spec.pools[big].storage.className "fast"`, others + "spec.pools[big]"}},
		"CannotBind": {reason: "Or none of its volumes is for that node.", said: noVolumes, phase: corev1.ClaimPending, class: ptr.To("fast"), want: []string{`storage.className "fast"`}},
		"NoSpace":    {reason: "Or is out of space there.", said: noSpace, phase: corev1.ClaimPending, class: ptr.To("fast"), want: []string{`storage.className "fast"`}},
		"NoRoom":     {reason: "It waits for the pod to have a place, which it lacks for another reason.", said: noRoom, phase: corev1.ClaimPending, class: ptr.To("fast"), want: []string{others + "spec.servers"}, not: "className"},
		"TooMany":    {reason: "The class is not to blame for other volumes.", said: tooMany, phase: corev1.ClaimPending, class: ptr.To("fast"), want: []string{others + "spec.servers"}, not: "className"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pod := aPod(func(p *corev1.Pod) {
				p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: tc.said}}
				p.Spec.Volumes = []corev1.Volume{{Name: "state", VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"},
				}}}
			})
			s := withPool(aScope(), 1)
			s.claims = map[string]*corev1.PersistentVolumeClaim{"c": {
				Spec:   corev1.PersistentVolumeClaimSpec{StorageClassName: tc.class},
				Status: corev1.PersistentVolumeClaimStatus{Phase: tc.phase},
			}}
			got := s.groupTrouble(s.groups()[tc.group], []corev1.Pod{pod})
			for _, words := range tc.want {
				if !strings.Contains(got.message, words) {
					t.Errorf("%s\nthe message does not say %q: %s", tc.reason, words, got.message)
				}
			}
			if tc.not != "" && strings.Contains(got.message, tc.not) {
				t.Errorf("%s\nthe message says %q: %s", tc.reason, tc.not, got.message)
			}
		})
	}
}
