package serve

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// inner is a node of the cluster inside.
func inner(name string, ready corev1.ConditionStatus, group string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: "uid-of-this", ResourceVersion: "7"}}
	if group != "" {
		n.Labels = map[string]string{guestapi.NodeLabelGroup: group}
	}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
	return n
}

func TestRoster(t *testing.T) {
	const yes, no, unknown = corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown
	cases := map[string]struct {
		reason string
		wanted map[string]int32
		node   *corev1.Node
		want   []string
	}{
		"ShrunkPool":    {"The node of a pool that shrank goes.", map[string]int32{"server": 1, "work": 1}, inner("work-1", unknown, "work"), []string{"delete work-1"}},
		"RemovedPool":   {"So does that of a pool that is gone.", map[string]int32{"server": 1}, inner("work-0", unknown, "work"), []string{"delete work-0"}},
		"Boots":         {"A kubelet that says it is not ready is there.", map[string]int32{"server": 1}, inner("work-0", no, "work"), nil},
		"Server":        {"Servers are never taken out.", map[string]int32{"server": 1}, inner("server-1", unknown, "server"), nil},
		"StillReady":    {"Its pod is not gone yet.", map[string]int32{"server": 1}, inner("work-0", yes, "work"), nil},
		"Replaced":      {"A node that comes back under its name stays.", map[string]int32{"server": 1, "work": 1}, inner("work-0", unknown, "work"), nil},
		"Foreign":       {"A tenant's own node is not ours to judge.", map[string]int32{"server": 1}, inner("work-0", unknown, ""), nil},
		"ForeignName":   {"Whatever it is called.", map[string]int32{"server": 1}, inner("virtual", unknown, ""), nil},
		"NewNode":       {"A wanted node is marked as ours.", map[string]int32{"server": 1, "work": 1}, inner("work-0", no, ""), []string{"patch work-0"}},
		"PoolWithDash":  {"The last dash ends the pool's name.", map[string]int32{"server": 1, "a-1": 1}, inner("a-1-0", no, ""), []string{"patch a-1-0"}},
		"OtherSpelling": {"Only our own spelling of a number is ours.", map[string]int32{"server": 1, "work": 9}, inner("work-01", no, ""), nil},
		"NotThisOne":    {"A list without this node is about another cluster.", map[string]int32{"work": 1}, inner("work-3", unknown, "work"), nil},
		"Nobody":        {"No list is no reason to take anything out.", nil, inner("work-3", unknown, "work"), nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(tc.node)
			r := newRoster("server-0", slog.New(slog.DiscardHandler))
			r.want(t.Context(), guestapi.ReportRequest{Wanted: tc.wanted})
			r.see([]*corev1.Node{tc.node})
			if err := r.tidy(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, changes(t, client)); diff != "" {
				t.Errorf("%s\n-want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// changes are the requests that change something. A deletion must be of the
// very node that was seen.
func changes(t *testing.T, client *fake.Clientset) []string {
	t.Helper()
	var out []string
	for _, a := range client.Actions() {
		switch a := a.(type) {
		case clienttesting.DeleteActionImpl:
			p := a.DeleteOptions.Preconditions
			if p == nil || *p.UID != "uid-of-this" || *p.ResourceVersion != "7" {
				t.Errorf("node %s is deleted whatever has become of it: %+v", a.Name, p)
			}
			out = append(out, "delete "+a.Name)
		case clienttesting.PatchActionImpl:
			out = append(out, "patch "+a.Name)
		}
	}
	return out
}

// TestRosterWakes: both a new list and a change of the nodes are acted upon, in
// whatever order they come.
func TestRosterWakes(t *testing.T) {
	gone := inner("work-0", corev1.ConditionUnknown, "work")
	client := fake.NewClientset(gone)
	deleted := make(chan string, 1)
	client.PrependReactor("delete", "nodes", func(a clienttesting.Action) (bool, runtime.Object, error) {
		deleted <- a.(clienttesting.DeleteAction).GetName()
		return true, nil, nil
	})
	r := newRoster("server-0", slog.New(slog.DiscardHandler))
	go r.run(t.Context(), client)
	r.see([]*corev1.Node{gone})
	r.want(t.Context(), guestapi.ReportRequest{Wanted: map[string]int32{"server": 1}})
	select {
	case name := <-deleted:
		if name != "work-0" {
			t.Errorf("node %s was deleted", name)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody woke up")
	}
}

// TestRosterListens: the word of a controller that is gone, or that is behind,
// does not count.
func TestRosterListens(t *testing.T) {
	gone := inner("work-0", corev1.ConditionUnknown, "work")
	leaving, leave := context.WithCancel(t.Context())
	cases := map[string]func(*roster){
		"Gone": func(r *roster) {
			r.want(leaving, guestapi.ReportRequest{Wanted: map[string]int32{"server": 1}})
			leave()
		},
		"Behind": func(r *roster) {
			r.want(t.Context(), guestapi.ReportRequest{Generation: 3, Wanted: map[string]int32{"server": 1, "work": 1}})
			r.want(t.Context(), guestapi.ReportRequest{Generation: 2, Wanted: map[string]int32{"server": 1}})
		},
	}
	for name, tell := range cases {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(gone)
			r := newRoster("server-0", slog.New(slog.DiscardHandler))
			r.see([]*corev1.Node{gone})
			tell(r)
			if err := r.tidy(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if got := changes(t, client); got != nil {
				t.Errorf("it did %v", got)
			}
		})
	}
}

func TestRosterPassesErrorsOn(t *testing.T) {
	gone := inner("work-0", corev1.ConditionUnknown, "work")
	client := fake.NewClientset(gone)
	client.PrependReactor("delete", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("no room")
	})
	r := newRoster("server-0", slog.New(slog.DiscardHandler))
	r.want(t.Context(), guestapi.ReportRequest{Wanted: map[string]int32{"server": 1}})
	r.see([]*corev1.Node{gone})
	if err := r.tidy(t.Context(), client); err == nil {
		t.Error("a node that could not be taken out is forgotten")
	}
}
