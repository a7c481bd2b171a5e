package virtualcluster

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// aScope is what was observed of a cluster "dev" with these pods.
func aScope(pods ...corev1.Pod) *Scope {
	s := &Scope{
		vc:      &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", Namespace: "team", UID: "u", Generation: 3}},
		now:     noon,
		pods:    pods,
		reports: map[types.UID]report.Snapshot{},
		nodes: []corev1.Node{{
			ObjectMeta: metav1.ObjectMeta{Name: "host-a"},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		}},
	}
	s.initialise()
	return s
}

// reports makes the guest of a pod say something.
func (s *Scope) says(boot types.UID, change ...func(*guestapi.Report)) *Scope {
	r := guestapi.Report{
		Boot: string(boot), NodeName: "server-0",
		Facts: guestapi.Facts{UIDMap: []string{"0 65536 65536"}, GIDMap: []string{"0 65536 65536"}, SeccompMode: report.SeccompFilter},
	}
	for _, c := range change {
		c(&r)
	}
	s.reports[boot] = report.Snapshot{Report: r, Facts: r.Facts}
	return s
}

// unheard makes a guest silent.
func (s *Scope) unheard(boot types.UID) *Scope {
	snapshot := s.reports[boot]
	snapshot.Silent = true
	s.reports[boot] = snapshot
	return s
}

// want checks a condition.
func (s *Scope) want(t *testing.T, condition string, status metav1.ConditionStatus, reason string) metav1.Condition {
	t.Helper()
	c := meta.FindStatusCondition(s.vc.Status.Conditions, condition)
	if c == nil {
		t.Fatalf("there is no condition %s", condition)
	}
	if c.Status != status || c.Reason != reason {
		t.Errorf("%s is %s/%s (%s), want %s/%s", condition, c.Status, c.Reason, c.Message, status, reason)
	}
	if c.ObservedGeneration != s.vc.Generation {
		t.Errorf("%s is about generation %d, want %d", condition, c.ObservedGeneration, s.vc.Generation)
	}
	return *c
}
