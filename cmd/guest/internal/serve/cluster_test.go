package serve

import (
	"log/slog"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestStateOf: a node is told of with what decides over it: whether it is Ready,
// or else why not, and whose it is.
func TestStateOf(t *testing.T) {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "work-1", Labels: map[string]string{guestapi.NodeLabelGroup: "work"}}}
	n.Status.NodeInfo.KubeletVersion, n.Status.NodeInfo.MachineID = "v1.36.3", "m"
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, Message: "no network"}}
	want := guestapi.NodeState{Name: "work-1", Version: "v1.36.3", Group: "work", Message: "no network", MachineID: "m"}
	if got := stateOf(n); got != want {
		t.Errorf("stateOf() = %+v, want %+v", got, want)
	}
	n.Labels, n.Status.Conditions[0].Status = nil, corev1.ConditionTrue
	want = guestapi.NodeState{Name: "work-1", Version: "v1.36.3", Ready: true, MachineID: "m"}
	if got := stateOf(n); got != want {
		t.Errorf("stateOf() = %+v, want %+v", got, want)
	}
}

// TestSetNodes: what was true before this node started starts no pod, and neither
// does another node that may be long gone.
func TestSetNodes(t *testing.T) {
	item := func(name, machine string) any {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		n.Status.NodeInfo.MachineID = machine
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		return n
	}
	cases := map[string]struct {
		reason string
		own    string
		alone  bool
		nodes  []any
		ready  bool
	}{
		"Before":   {"The datastore holds what an earlier kubelet said.", "now", false, []any{item("server-0", "then")}, false},
		"Now":      {"This one has spoken.", "now", false, []any{item("server-0", "now")}, true},
		"Unsaid":   {"What is not known is not held against it.", "now", false, []any{item("server-0", "")}, true},
		"Unknown":  {"Nor what this node does not know of itself.", "", false, []any{item("server-0", "then")}, true},
		"Other":    {"A node of a pool is another machine, and does not stand in.", "now", false, []any{item("big-0", "b"), item("server-0", "then")}, false},
		"AnyOther": {"Where the server is none, it is all there is.", "now", true, []any{item("big-0", "b")}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			store := report.NewStore(guestapi.Report{NodeName: "server-0", MachineID: tc.own}, time.Now)
			store.Pass(guestapi.MilestoneServiceAccount)
			n := &thisNode{name: "server-0", store: store, roster: newRoster("server-0", slog.New(slog.DiscardHandler))}
			n.config.ControlPlaneOnly = tc.alone
			n.setNodes(tc.nodes)
			got := store.Current()
			if got.Schedulable != tc.ready {
				t.Errorf("%s\nSchedulable is %v", tc.reason, got.Schedulable)
			}
			if passed(&got, guestapi.MilestoneSchedulable) != tc.ready || passed(&got, guestapi.MilestoneNode) != (tc.ready && !tc.alone) {
				t.Errorf("%s\nthe timeline is %v", tc.reason, got.Timeline)
			}
			for _, s := range got.Nodes {
				if mine := s.Name == "server-0"; s.Ready != (tc.ready || !mine) {
					t.Errorf("%s\nnode %s is Ready: %v", tc.reason, s.Name, s.Ready)
				}
			}
		})
	}
}
