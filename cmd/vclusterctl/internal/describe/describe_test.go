package describe

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 21, 8, 10, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

func bootAt(ms int) metav1.MicroTime {
	return metav1.NewMicroTime(now.Add(-9*time.Minute + time.Duration(ms)*time.Millisecond))
}

func readyCluster() *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", Namespace: "team-a", Generation: 1, CreationTimestamp: ago(10 * time.Minute)}}
	vc.Status = v1alpha1.VirtualClusterStatus{
		ObservedGeneration:  1,
		Endpoint:            "https://10.215.3.4:443",
		KubeconfigSecretRef: &corev1.LocalObjectReference{Name: "dev-kubeconfig"},
		Runtime:             &v1alpha1.RuntimeStatus{Servers: "userns", Pools: "userns"},
		Servers:             &v1alpha1.NodeGroupStatus{Replicas: 1, ReadyReplicas: 1},
		Pools:               []v1alpha1.PoolStatus{{Name: "workers", NodeGroupStatus: v1alpha1.NodeGroupStatus{Replicas: 2, ReadyReplicas: 1}}},
		Resolved: &v1alpha1.Resolved{
			Distro: v1alpha1.DistroK8s, DistroReason: "the node image carries no k3s", Version: "v1.36.3",
			Image: "localhost/vclusterctl/node:v1.36.3", PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/16",
			ClusterDomain: "cluster.local", Datastore: "etcd", TemplateRevision: "1",
		},
		Conditions: []metav1.Condition{
			{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Ready", LastTransitionTime: ago(9 * time.Minute)},
			{Type: "Isolated", Status: metav1.ConditionFalse, Reason: "SeccompOff", Message: "no seccomp profile on node n1", LastTransitionTime: ago(9 * time.Minute)},
		},
		Isolation: []v1alpha1.IsolationFact{
			{Name: "hostUsers", Value: "false", Source: v1alpha1.SourceHost, Holds: true},
			{Name: "seccomp", Value: "Unconfined", Source: v1alpha1.SourceHost, Holds: false},
			{Name: "uidMap", Value: "0 2147483648 65536", Source: v1alpha1.SourceGuest, Holds: true},
		},
		Timeline: []v1alpha1.TimelineEntry{
			{Name: "Init", Time: bootAt(0)}, {Name: "Prepared", Time: bootAt(350)}, {Name: "API", Time: bootAt(5420)},
		},
	}
	return vc
}

func pods() []corev1.Pod {
	return []corev1.Pod{
		{
			ObjectMeta: metav1.ObjectMeta{Name: "dev-workers-0", CreationTimestamp: ago(2 * time.Minute), Labels: map[string]string{v1alpha1.LabelRole: "agent"}},
			Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"},
			}},
		},
		{
			ObjectMeta: metav1.ObjectMeta{Name: "dev-server-0", CreationTimestamp: ago(10 * time.Minute), Labels: map[string]string{v1alpha1.LabelRole: "server"}},
			Spec:       corev1.PodSpec{NodeName: "n1"},
			Status: corev1.PodStatus{
				Phase:             corev1.PodRunning,
				Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
				ContainerStatuses: []corev1.ContainerStatus{{RestartCount: 1}},
			},
		},
	}
}

func events() []corev1.Event {
	return []corev1.Event{
		{
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "dev-server-0"}, Type: "Warning", Reason: "BackOff",
			Message: "Back-off\npulling image", LastTimestamp: ago(time.Minute), Count: 3,
		},
		{
			InvolvedObject: corev1.ObjectReference{Kind: "VirtualCluster", Name: "dev"}, Type: "Normal", Reason: "Ready",
			Message: "a pod can start", EventTime: metav1.NewMicroTime(now.Add(-9 * time.Minute)),
		},
	}
}

func TestWrite(t *testing.T) {
	deleting := readyCluster()
	gone := ago(time.Second)
	deleting.DeletionTimestamp = &gone
	paused := readyCluster()
	paused.Spec.Lifecycle.Paused = ptr.To(true)
	paused.Status.ExpiresAt = &metav1.Time{Time: now.Add(90 * time.Minute)}
	paused.Status.Conditions[0] = metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "Paused", Message: "no node runs", LastTransitionTime: ago(time.Minute)}
	overdue := readyCluster()
	overdue.Status.ExpiresAt = &metav1.Time{Time: now.Add(-time.Minute)}
	cases := map[string]struct {
		reason string
		in     Input
	}{
		"paused":  {reason: "What was asked for stands beside what is.", in: Input{Cluster: paused}},
		"overdue": {reason: "A controller that was down deletes late.", in: Input{Cluster: overdue}},
		"new":     {reason: "A cluster nobody looked at yet says so.", in: Input{Cluster: &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", Namespace: "default", Generation: 1}}}},
		"ready":   {reason: "Everything is shown.", in: Input{Cluster: readyCluster(), Pods: pods(), Events: events()}},
		"forbidden": {
			reason: "Who may not see the pods sees the rest.",
			in:     Input{Cluster: readyCluster(), PodsErr: errors.New("pods is\nforbidden"), Events: events(), EventsErr: errors.New("events of pods are forbidden")},
		},
		"deleting": {reason: "Deletion comes before the condition.", in: Input{Cluster: deleting}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.in.Now = now
			SortPods(tc.in.Pods)
			var out bytes.Buffer
			if err := Write(&out, tc.in); err != nil {
				t.Fatalf("%s\nWrite(): %v", tc.reason, err)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("%s\n%s: -want, +got:\n%s", tc.reason, file, diff)
			}
		})
	}
}

// TestWriteForeignWords: what a node says of itself does not paint on the screen.
func TestWriteForeignWords(t *testing.T) {
	vc := readyCluster()
	vc.Status.Conditions[1].Message = "no\x1b[2J\x1b]0;title\a such\u202e\nthing\b"
	var out bytes.Buffer
	if err := Write(&out, Input{Cluster: vc, Now: now}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "  no such thing\n") || strings.ContainsAny(out.String(), "\x1b\a\b\u202e") {
		t.Errorf("got %q", out.String())
	}
}
