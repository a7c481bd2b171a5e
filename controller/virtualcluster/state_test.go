package virtualcluster

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
)

// runsOn makes the server name its state.
func (s *Scope) runsOn(state string) *Scope {
	s.says("boot-1")
	snapshot := s.reports["boot-1"]
	snapshot.StateID = state
	s.reports["boot-1"] = snapshot
	return s
}

func TestWatchState(t *testing.T) {
	record := func(id string) func(*Scope) {
		return func(s *Scope) { s.vc.Status.State = &v1alpha1.StateStatus{ID: id} }
	}
	ephemeral := func(s *Scope) { s.vc.Spec.Servers.Storage.Ephemeral = ptr.To(true) }
	cases := map[string]struct {
		reason   string
		held     []func(*Scope)
		reported string
		status   metav1.ConditionStatus
		want     string
		words    []string
		record   string
	}{
		"NotReady":   {"An API without nodes stores things, too.", []func(*Scope){func(s *Scope) { s.no(v1alpha1.ConditionNodesReady, v1alpha1.ReasonBooting, "") }}, "one", yes, v1alpha1.ReasonKept, nil, "one"},
		"Silent":     {"Nobody knows yet.", nil, "", unknown, v1alpha1.ReasonPending, nil, ""},
		"FirstBoot":  {"The first name is no loss.", nil, "one", yes, v1alpha1.ReasonKept, nil, "one"},
		"SameState":  {"A server that came back with it.", []func(*Scope){record("one")}, "one", yes, v1alpha1.ReasonKept, nil, "one"},
		"Restarted":  {"A controller that has not heard yet raises no alarm.", []func(*Scope){record("one")}, "", yes, v1alpha1.ReasonKept, nil, "one"},
		"Ephemeral":  {"The pod was the volume.", []func(*Scope){record("one"), ephemeral}, "two", no, v1alpha1.ReasonStateLost, []string{"dev-server-0", "12:00:00Z", "storage.ephemeral", "kubeconfigs still work", "apply the workloads again"}, "two"},
		"Persistent": {"The volume was replaced.", []func(*Scope){record("one")}, "two", no, v1alpha1.ReasonStateLost, []string{`"state-dev-server-0"`, "backup"}, "two"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(aPod(func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(noon) })).runsOn(tc.reported)
			s.yes(v1alpha1.ConditionNodesReady, v1alpha1.ReasonReady, "")
			for _, h := range tc.held {
				h(s)
			}
			for range 2 { // what was said once stays said
				if err := watchState(s); err != nil {
					t.Fatal(err)
				}
				c := s.want(t, v1alpha1.ConditionStateKept, tc.status, tc.want)
				for _, word := range tc.words {
					if !strings.Contains(c.Message, word) {
						t.Errorf("%s\nthe message does not say %q: %s", tc.reason, word, c.Message)
					}
				}
			}
			if got := ptr.Deref(s.vc.Status.State, v1alpha1.StateStatus{}).ID; got != tc.record {
				t.Errorf("%s\non record is %q, want %q", tc.reason, got, tc.record)
			}
		})
	}
}

// TestRestoredState: a state that was lost and is there again is no loss. What
// was lost before it still is.
func TestRestoredState(t *testing.T) {
	type visit struct {
		heard  string
		status metav1.ConditionStatus
		reason string
		word   string
		lost   string // what is on record as lost
	}
	cases := map[string]struct {
		reason string
		visits []visit
	}{
		"Back": {"The backup was put back, as we asked for.", []visit{
			{"one", yes, v1alpha1.ReasonKept, "first seen", ""},
			{"two", no, v1alpha1.ReasonStateLost, "all objects inside are gone", "one"},
			{"one", yes, v1alpha1.ReasonRestored, "are there again", ""},
			{"", yes, v1alpha1.ReasonRestored, "are there again", ""},
			{"one", yes, v1alpha1.ReasonRestored, "are there again", ""},
		}},
		"Again": {"What is back can be lost again.", []visit{
			{"one", yes, v1alpha1.ReasonKept, "", ""},
			{"two", no, v1alpha1.ReasonStateLost, "", "one"},
			{"one", yes, v1alpha1.ReasonRestored, "", ""},
			{"two", no, v1alpha1.ReasonStateLost, "all objects inside are gone", "one"},
		}},
		"First": {"With the first state all is back, whatever came between.", []visit{
			{"one", yes, v1alpha1.ReasonKept, "", ""},
			{"two", no, v1alpha1.ReasonStateLost, "", "one"},
			{"three", no, v1alpha1.ReasonStateLost, "", "one two"},
			{"one", yes, v1alpha1.ReasonRestored, "are there again", ""},
		}},
		"Second": {"With a later one the first is still lost.", []visit{
			{"one", yes, v1alpha1.ReasonKept, "", ""},
			{"two", no, v1alpha1.ReasonStateLost, "", "one"},
			{"three", no, v1alpha1.ReasonStateLost, "", "one two"},
			{"two", no, v1alpha1.ReasonStateLost, "are there again", "one"},
			{"two", no, v1alpha1.ReasonStateLost, "without the state of before at", "one"},
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(aPod(func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(noon) }))
			s.yes(v1alpha1.ConditionNodesReady, v1alpha1.ReasonReady, "")
			for i, v := range tc.visits {
				if err := watchState(s.runsOn(v.heard)); err != nil {
					t.Fatal(err)
				}
				if c := s.want(t, v1alpha1.ConditionStateKept, v.status, v.reason); !strings.Contains(c.Message, v.word) {
					t.Errorf("%s\nvisit %d: the message does not say %q: %s", tc.reason, i, v.word, c.Message)
				}
				state := s.vc.Status.State
				if got := strings.Join(idsOf(state.Lost), " "); got != v.lost || (state.LostAt != nil) != (v.lost != "") {
					t.Errorf("%s\nvisit %d: on record as lost at %v is %q, want %q", tc.reason, i, state.LostAt, got, v.lost)
				}
			}
		})
	}
}

func idsOf(lost []v1alpha1.LostState) []string {
	var out []string
	for _, l := range lost {
		out = append(out, l.ID)
	}
	return out
}

// TestManyLosses: the record is bounded, and the first state, with which all
// comes back, is not what falls off.
func TestManyLosses(t *testing.T) {
	s := aScope(aPod(func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(noon) }))
	s.yes(v1alpha1.ConditionNodesReady, v1alpha1.ReasonReady, "")
	for i := range 2 * maxLost {
		if err := watchState(s.runsOn(fmt.Sprint("s", i))); err != nil {
			t.Fatal(err)
		}
	}
	lost := idsOf(s.vc.Status.State.Lost)
	if len(lost) != maxLost || lost[0] != "s0" || lost[maxLost-1] != fmt.Sprint("s", 2*maxLost-2) {
		t.Errorf("on record as lost are %v", lost)
	}
}

// TestStateRestored: the way back that a loss names leads back. It is told once,
// as good news.
func TestStateRestored(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	for _, state := range []string{"second", "first"} {
		w.kill("dev-server-0")
		w.stateID = state
		w.immortal("dev")
	}
	w.expect("dev", v1alpha1.ConditionStateKept, yes, v1alpha1.ReasonRestored)
	if more := w.immortal("dev"); more != 0 {
		t.Errorf("%d writes more", more)
	}
	var told []string
	for len(w.events.Events) > 0 {
		if e := <-w.events.Events; strings.Contains(e, "came up with") {
			told = append(told, e)
		}
	}
	if len(told) != 2 || !strings.HasPrefix(told[0], "Warning "+v1alpha1.ReasonStateLost) || !strings.HasPrefix(told[1], "Normal "+v1alpha1.ConditionStateKept) {
		t.Errorf("told was %q, want a loss and its end", told)
	}
	w.witness.testify()
}

// TestStateLost: the loss is told in an event, once for each, and the cluster
// that began anew is ready with the kubeconfig of before.
func TestStateLost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Servers.Storage.Ephemeral = ptr.To(true) })
	w.immortal("dev")
	access := string(w.backup("dev-kubeconfig").Data["value"])
	w.expect("dev", v1alpha1.ConditionStateKept, yes, v1alpha1.ReasonKept)
	for _, state := range []string{"second", "third"} {
		w.kill("dev-server-0")
		w.stateID = state
		w.immortal("dev")
		w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
		w.expect("dev", v1alpha1.ConditionStateKept, no, v1alpha1.ReasonStateLost)
	}
	if got := w.happened(v1alpha1.ReasonStateLost); got != 2 {
		t.Errorf("%d events tell of two losses", got)
	}
	if string(w.backup("dev-kubeconfig").Data["value"]) != access {
		t.Error("the kubeconfig changed with the state")
	}
	w.witness.testify()
}

// TestStateLostWithoutNodes: the API can be written to long before the last node
// is ready, and what is lost then is lost, too.
func TestStateLostWithoutNodes(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers, func(vc *v1alpha1.VirtualCluster) { vc.Spec.Servers.Storage.Ephemeral = ptr.To(true) })
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionStateKept, unknown, v1alpha1.ReasonPending)
	serve := func() {
		w.serve("dev") // and none of the pool
		w.expect("dev", v1alpha1.ConditionControlPlaneReady, yes, v1alpha1.ReasonReady)
		w.expect("dev", v1alpha1.ConditionNodesReady, no, v1alpha1.ReasonProgressing)
	}
	serve()
	w.expect("dev", v1alpha1.ConditionStateKept, yes, v1alpha1.ReasonKept)
	w.kill("dev-server-0")
	w.stateID = "second"
	serve()
	w.expect("dev", v1alpha1.ConditionStateKept, no, v1alpha1.ReasonStateLost)
	if got := w.happened(v1alpha1.ReasonStateLost); got != 1 {
		t.Errorf("%d events tell of one loss", got)
	}
}

// TestStateRecordLost: with the status goes the record, and there is no alarm
// for what nobody knows.
func TestStateRecordLost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	vc := w.vc("dev")
	vc.Status = v1alpha1.VirtualClusterStatus{}
	w.updateStatus(vc)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.expect("dev", v1alpha1.ConditionStateKept, yes, v1alpha1.ReasonKept)
	if got := w.happened(v1alpha1.ReasonStateLost); got != 0 {
		t.Errorf("%d false alarms", got)
	}
}

// TestEverythingLost: with neither the record nor the Secret there are still
// the servers to tell that there was an identity. When it comes back it is the
// same cluster.
func TestEverythingLost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	saved := w.backup("dev-identity")
	w.delete("dev-identity", &corev1.Secret{})
	vc := w.vc("dev")
	before := *vc.Status.Resolved
	vc.Status = v1alpha1.VirtualClusterStatus{}
	w.updateStatus(vc)
	w.catalogue(catalogue.Single("v1.37.0", "localhost/vclusterctl/node:v1.37.0", v1alpha1.DistroK8s))
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionStalled, yes, v1alpha1.ReasonIdentityLost)
	if w.exists("dev-identity", &corev1.Secret{}) || !w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("an identity was made under living servers")
	}

	if got := w.reconcile("dev").RequeueAfter; got <= 0 {
		t.Error("nothing is going to look for a Secret that comes back without its labels")
	}

	w.create(saved)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if got := w.vc("dev").Status.Resolved; got == nil || *got != before {
		t.Errorf("what was chosen came back as %+v, was %+v", got, before)
	}
}

// happened counts the events of a reason.
func (w *world) happened(reason string) int {
	n := 0
	for {
		select {
		case e := <-w.events.Events:
			if strings.Contains(e, " "+reason+" ") {
				n++
			}
		default:
			return n
		}
	}
}
