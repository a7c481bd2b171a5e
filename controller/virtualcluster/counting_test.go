package virtualcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// expectMissing makes one look, and wants the named node to be missing for a
// reason although the cluster inside still takes it for Ready.
func (w *world) expectMissing(words string) {
	w.t.Helper()
	w.count.take()
	w.reconcile("dev")
	c := w.expect("dev", v1alpha1.ConditionNodesReady, no, w.reasonOf(v1alpha1.ConditionNodesReady))
	if c.Reason == v1alpha1.ReasonReady || !strings.Contains(c.Message, words) {
		w.t.Errorf("NodesReady does not say %q: %s: %s", words, c.Reason, c.Message)
	}
	w.expect("dev", v1alpha1.ConditionReady, no, c.Reason)
	if n := w.vc("dev").Status.Nodes; n != 1 {
		w.t.Errorf("%d nodes count, want 1", n)
	}
	if writes := w.count.take(); len(writes) != 1 {
		w.t.Errorf("that costs %v, want the status alone", writes)
	}
	w.reconcile("dev")
	if writes := w.count.take(); len(writes) != 0 {
		w.t.Errorf("another look costs %v", writes)
	}
}

func (w *world) reasonOf(condition string) string {
	return conditionOf(w.vc("dev"), condition).Reason
}

// TestPoolPodGone: a node does not count from the moment its pod goes until it is
// back for sure, whatever the cluster inside says of it.
func TestPoolPodGone(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)

	pod := &corev1.Pod{}
	w.get("dev-a-0", pod)
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
	w.updateStatus(pod)
	w.expectMissing("a-0 (its pod is not ready)")
	w.makeReady(pod)
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)

	if err := w.client.Delete(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	w.expectMissing("a-0 (its pod is terminating)")
	w.kill("dev-a-0")
	w.expectMissing("a-0 (its pod is missing)")
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)
	w.witness.testify()
}

// TestPoolPodBack: the pod of a node is ready before its kubelet has told the
// cluster inside anything.
func TestPoolPodBack(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	server, pool := &corev1.Pod{}, &corev1.Pod{}
	w.get("dev-server-0", server)
	w.get("dev-a-0", pool)
	speaks := func(machine string) {
		snapshot := w.reports.snapshots[server.UID]
		for i := range snapshot.Report.Nodes {
			if snapshot.Report.Nodes[i].Name == "a-0" {
				snapshot.Report.Nodes[i].MachineID = machine
			}
		}
		w.reports.snapshots[server.UID] = snapshot
	}
	speaks("first")
	w.says(pool, func(r *guestapi.Report) { r.NodeName, r.MachineID = "a-0", "first" })
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)

	pool.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "node", RestartCount: 1}}
	w.updateStatus(pool)
	w.expectMissing("a-0 (its container was restarted")
	w.says(pool, func(r *guestapi.Report) { r.NodeName, r.MachineID = "a-0", "second" })
	snapshot := w.reports.snapshots[pool.UID]
	snapshot.Restarts = 1
	w.reports.snapshots[pool.UID] = snapshot
	w.expectMissing("a-0 (its kubelet has not spoken")
	if got := w.reports.tracked[w.key("dev")]; len(got) != 2 || got[0].Restarts != 1 {
		t.Errorf("the guests are not asked anew after a restart: %v", got)
	}
	speaks("second")
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)
}

// TestServerRestarted: a server that is back says what its datastore holds of the
// nodes. The one it is itself is not Ready before its kubelet has spoken, and one
// that went meanwhile is missed.
func TestServerRestarted(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.kill("dev-server-0")
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, no, v1alpha1.ReasonPending)

	held := func(self, schedulable bool) func(*guestapi.Report) {
		return func(r *guestapi.Report) {
			r.APIServing, r.Schedulable = true, schedulable
			r.Nodes = []guestapi.NodeState{
				{Name: "a-0", Ready: true},
				{Name: "server-0", Ready: self, Message: "its kubelet has not spoken since the node started"},
			}
		}
	}
	pod := w.startPods("dev", "server")[0]
	w.makeReady(pod)
	w.says(pod, held(false, false))
	w.expectMissing("server-0 (its kubelet has not spoken since the node started)")
	w.kill("dev-a-0")
	w.says(pod, held(true, true))
	w.expectMissing("a-0 (its pod is missing)")
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)
	w.witness.testify()
}
