package truth

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// asleep is the status of a paused cluster that expires, in which all is well.
func asleep() *v1alpha1.VirtualCluster {
	vc := ready()
	vc.CreationTimestamp = metav1.NewTime(noon)
	vc.Spec.Lifecycle = v1alpha1.Lifecycle{Paused: ptr.To(true), TTLSeconds: 60}
	vc.Status.ExpiresAt = &metav1.Time{Time: noon.Add(time.Minute)}
	vc.Status.Nodes, vc.Status.Servers.ReadyReplicas = 0, 0
	for _, c := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady} {
		set(vc, c, metav1.ConditionFalse, v1alpha1.ReasonPaused)
	}
	set(vc, v1alpha1.ConditionIsolated, metav1.ConditionUnknown, v1alpha1.ReasonPaused)
	set(vc, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonPaused)
	set(vc, v1alpha1.ConditionExpiring, metav1.ConditionTrue, v1alpha1.ReasonExpiring)
	return vc
}

func TestCheckLifecycle(t *testing.T) {
	if err := Check(asleep()); err != nil {
		t.Fatalf("Check() = %v for a paused cluster in which all is well", err)
	}
	yes := func(condition string) func(*v1alpha1.VirtualCluster) {
		return func(vc *v1alpha1.VirtualCluster) { set(vc, condition, metav1.ConditionTrue, v1alpha1.ReasonReady) }
	}
	wake := func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.Paused = nil }
	cases := map[string]struct {
		reason string
		change func(*v1alpha1.VirtualCluster)
		want   string
	}{
		"Serving":  {"No API without a node.", yes(v1alpha1.ConditionControlPlaneReady), "ControlPlaneReady is True"},
		"Nodes":    {"No node, none Ready.", yes(v1alpha1.ConditionNodesReady), "NodesReady is True"},
		"Isolated": {"Nothing is proven of what is not there.", yes(v1alpha1.ConditionIsolated), "Isolated is True"},
		"Progress": {"kstatus must not wait for it.", func(vc *v1alpha1.VirtualCluster) {
			vc.Status.Conditions = vc.Status.Conditions[:len(vc.Status.Conditions)-2]
		}, "Stalled is not True"},
		"Server": {"A pod is a node.", func(vc *v1alpha1.VirtualCluster) { vc.Status.Servers.ReadyReplicas = 1 }, "1 nodes run"},
		"Pool": {"So is one of a pool.", func(vc *v1alpha1.VirtualCluster) {
			vc.Status.Pools = []v1alpha1.PoolStatus{{Name: "a", NodeGroupStatus: v1alpha1.NodeGroupStatus{ReadyReplicas: 2}}}
		}, "2 nodes run"},
		"Inside":  {"Somebody would have had to count them.", func(vc *v1alpha1.VirtualCluster) { vc.Status.Nodes = 3 }, "3 nodes run"},
		"Unasked": {"Nobody pauses but the user.", wake, "nobody asked"},
		"Ready":   {"It is to be stopped.", yes(v1alpha1.ConditionReady), "to be paused and Ready"},
		"Dozing": {"Nor is anything stopped.", func(vc *v1alpha1.VirtualCluster) {
			wake(vc)
			set(vc, "Ready", metav1.ConditionFalse, v1alpha1.ReasonPausing)
		}, "said to pause"},
		"NoTime":  {"When is what counts.", func(vc *v1alpha1.VirtualCluster) { vc.Status.ExpiresAt = nil }, "does not say when"},
		"Forever": {"Nobody ends a cluster but the user.", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.TTLSeconds = 0 }, "nobody asked"},
		"Untold": {"An end is told.", func(vc *v1alpha1.VirtualCluster) {
			vc.Status.ExpiresAt = nil
			vc.Status.Conditions = vc.Status.Conditions[:len(vc.Status.Conditions)-1]
		}, "does not say when"},
		"Another": {"It ends when the spec says.", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.TTLSeconds = 61 }, "is said to at"},
		"NotTrue": {"It is there or it is not.", func(vc *v1alpha1.VirtualCluster) { set(vc, "Expiring", metav1.ConditionFalse, "X") }, "does not say when"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := asleep()
			tc.change(vc)
			if err := Check(vc); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nCheck() = %v, want words %q", tc.reason, err, tc.want)
			}
		})
	}
}

// TestCheckNotSeen: a status that is about an older spec may well contradict the
// newer one.
func TestCheckNotSeen(t *testing.T) {
	vc := asleep()
	vc.Generation++
	vc.Spec.Lifecycle = v1alpha1.Lifecycle{}
	if err := Check(vc); err != nil {
		t.Errorf("Check() = %v for a cluster that is resumed", err)
	}
	vc = ready()
	vc.Generation++
	vc.Spec.Lifecycle.Paused = ptr.To(true)
	if err := Check(vc); err != nil {
		t.Errorf("Check() = %v for a cluster that is to be paused", err)
	}
}

func TestFollowsState(t *testing.T) {
	before := ready()
	before.Status.State = &v1alpha1.StateStatus{ID: "a"}
	after := before.DeepCopy()
	after.Status.State.ID = "b"
	if err := Follows(before, after); err == nil || !strings.Contains(err.Error(), "state changed") {
		t.Errorf("Follows() = %v, want the state named", err)
	}
	after.Status.State.LostAt = &metav1.Time{Time: noon}
	if err := Follows(before, after); err != nil {
		t.Errorf("Follows() = %v for a loss that is told", err)
	}
	after.Status.State.Lost = []v1alpha1.LostState{{ID: "a"}}
	if err := Follows(after, before); err != nil {
		t.Errorf("Follows() = %v for a state that is back", err)
	}
	after.Status.State.Lost = []v1alpha1.LostState{{ID: "first"}, {ID: "a"}}
	if err := Follows(after, before); err == nil {
		t.Error("Follows() = nil for one that is back, and the first one forgotten")
	}
}
