package virtualcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func pause(s *v1alpha1.VirtualClusterSpec)  { s.Lifecycle.Paused = ptr.To(true) }
func resume(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.Paused = nil }

// pausedFromBirth is a cluster that is made without nodes.
func pausedFromBirth(vc *v1alpha1.VirtualCluster) { pause(&vc.Spec) }

func (w *world) set(group string) *appsv1.StatefulSet {
	w.t.Helper()
	set := &appsv1.StatefulSet{}
	w.get("dev-"+group, set)
	return set
}

// expectPaused checks what a paused cluster is and says.
func (w *world) expectPaused() {
	w.t.Helper()
	c := w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonPaused)
	if !strings.Contains(c.Message, "vclusterctl resume dev") {
		w.t.Errorf("the message does not say how to go on: %s", c.Message)
	}
	w.expect("dev", v1alpha1.ConditionStalled, yes, v1alpha1.ReasonPaused)
	w.expect("dev", v1alpha1.ConditionControlPlaneReady, no, v1alpha1.ReasonPaused)
	w.expect("dev", v1alpha1.ConditionNodesReady, no, v1alpha1.ReasonPaused)
	w.expect("dev", v1alpha1.ConditionIsolated, unknown, v1alpha1.ReasonPaused)
	w.expect("dev", v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	w.expect("dev", v1alpha1.ConditionKubeconfigReady, yes, v1alpha1.ReasonReady)
	if tracked := w.reports.tracked[w.key("dev")]; len(tracked) > 0 {
		w.t.Errorf("%d guests are still asked", len(tracked))
	}
}

// TestPauseAndResume: nothing runs and everything is kept; and then it goes on.
func TestPauseAndResume(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	before, access := w.vc("dev").Status, w.backup("dev-kubeconfig").Data
	server, pool := w.template("server"), w.template("a")

	w.change("dev", pause)
	w.reconcile("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonPausing)
	w.expect("dev", v1alpha1.ConditionControlPlaneReady, yes, v1alpha1.ReasonReady) // for a moment
	w.immortal("dev")
	w.expectPaused()
	w.expect("dev", v1alpha1.ConditionStateKept, yes, v1alpha1.ReasonKept)
	w.expect("dev", v1alpha1.ConditionUpToDate, yes, v1alpha1.ReasonCurrent)
	for group, deleted := range map[string]appsv1.PersistentVolumeClaimRetentionPolicyType{
		"server": appsv1.RetainPersistentVolumeClaimRetentionPolicyType, // they go with the cluster
		"a":      appsv1.DeletePersistentVolumeClaimRetentionPolicyType,
	} {
		set := w.set(group)
		policy := set.Spec.PersistentVolumeClaimRetentionPolicy
		if *set.Spec.Replicas != 0 || policy.WhenScaled != appsv1.RetainPersistentVolumeClaimRetentionPolicyType || policy.WhenDeleted != deleted {
			t.Errorf("StatefulSet %q has %d replicas and keeps volumes %+v", set.Name, *set.Spec.Replicas, policy)
		}
	}
	if got := w.vc("dev").Status; got.Servers.Replicas != 1 || got.Servers.ReadyReplicas != 0 || len(got.Pools) != 1 || got.Nodes != 0 {
		t.Errorf("counted are servers %+v, pools %+v, %d nodes", got.Servers, got.Pools, got.Nodes)
	}
	if more := w.immortal("dev"); more != 0 {
		t.Errorf("a paused cluster that nobody changes costs %d writes", more)
	}

	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.expectSound("dev")
	after := w.vc("dev").Status
	expectSame(t, map[string]string{
		"identity":                cmp.Diff(before.IdentityFingerprint, after.IdentityFingerprint),
		"state":                   cmp.Diff(before.State, after.State),
		"kubeconfig":              cmp.Diff(access, w.backup("dev-kubeconfig").Data),
		"template of the servers": cmp.Diff(server, w.template("server")),
		"template of the pool":    cmp.Diff(pool, w.template("a")),
		"retention of volumes": cmp.Diff(appsv1.DeletePersistentVolumeClaimRetentionPolicyType,
			w.set("a").Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled),
	})
	w.witness.testify()
}

// TestPauseEvents: each is told once, and no condition makes a fuss of it.
func TestPauseEvents(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	w.immortal("dev")
	w.change("dev", resume)
	w.immortal("dev")
	got := map[string]int{}
	for len(w.events.Events) > 0 {
		words := strings.Fields(<-w.events.Events)
		got[words[0]+" "+words[1]]++
	}
	for event, want := range map[string]int{"Normal Paused": 1, "Normal Resumed": 1, "Warning Paused": 0, "Warning Pausing": 0, "Normal Ready": 2} {
		if got[event] != want {
			t.Errorf("%d events %q, want %d", got[event], event, want)
		}
	}
}

// TestPausedFromBirth: all is made but nodes, and those once they are wanted.
func TestPausedFromBirth(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers, pausedFromBirth)
	w.reconcile("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonProgressing) // not all is made
	w.immortal("dev")
	w.expectPaused()
	if w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("servers were made")
	}
	if n := w.happened(v1alpha1.ReasonPaused); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.expectSound("dev")
	w.witness.testify()
}

// TestPauseBooting: a cluster need not have been ready to be paused.
func TestPauseBooting(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	w.startPods("dev", "server")
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionControlPlaneReady, no, v1alpha1.ReasonBooting)
	w.change("dev", pause)
	w.immortal("dev")
	w.expectPaused()
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.witness.testify()
}

// TestPauseStuck: a cluster that cannot go on for another reason is stopped all
// the same, and says what waits for it.
func TestPauseStuck(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	saved := w.backup("dev-identity")
	w.delete("dev-identity", &corev1.Secret{})
	w.change("dev", pause)
	w.immortal("dev")
	w.expectPaused()
	c := w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonPaused)
	if !strings.Contains(c.Message, v1alpha1.ReasonIdentityLost) {
		t.Errorf("nothing tells of the identity: %s", c.Message)
	}
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonIdentityLost)
	if n := *w.set("server").Spec.Replicas; n != 0 {
		t.Errorf("%d servers start without the identity", n)
	}
	w.create(saved)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.witness.testify()
}

// TestPauseOutdated: an outdated cluster is paused and resumed as it is.
func TestPauseOutdated(t *testing.T) {
	w := newWorld(t)
	w.formerCluster(withWorkers)
	server, pool, config := w.template("server"), w.template("a"), w.config("a")
	w.change("dev", pause)
	w.immortal("dev")
	w.expectPaused()
	w.expect("dev", v1alpha1.ConditionUpToDate, no, v1alpha1.ReasonOutdated)
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.expect("dev", v1alpha1.ConditionUpToDate, no, v1alpha1.ReasonOutdated)
	expectSame(t, map[string]string{
		"template of the servers":   cmp.Diff(server, w.template("server")),
		"template of the pool":      cmp.Diff(pool, w.template("a")),
		"configuration of the pool": cmp.Diff(config, w.config("a")),
		"retention of volumes": cmp.Diff(appsv1.DeletePersistentVolumeClaimRetentionPolicyType,
			w.set("a").Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled),
	})
	w.witness.testify()
}

// TestPauseWithoutRuntime: it takes none to stop nodes.
func TestPauseWithoutRuntime(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.opts.Profiles = nil
	w.change("dev", pause)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonPaused)
	w.expect("dev", v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonInvalidSpec)
	if n := *w.set("server").Spec.Replicas; n != 0 {
		t.Errorf("%d servers are wanted", n)
	}
	if w.shapeOf("server") != userns.ClassName {
		t.Error("the template changed")
	}
	w.witness.testify()
}

func (w *world) shapeOf(group string) string {
	return ptr.Deref(w.template(group).Spec.RuntimeClassName, "")
}

// TestPauseScaledByHand: whoever scales a StatefulSet does not resume a cluster.
func TestPauseScaledByHand(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	set := w.set("server")
	set.Spec.Replicas = ptr.To[int32](1)
	if err := w.client.Update(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	w.immortal("dev")
	w.expectPaused()
	if n := *w.set("server").Spec.Replicas; n != 0 {
		t.Errorf("%d servers are wanted", n)
	}
	w.witness.testify()
}

// TestPauseChangesPools: pools come and go while a cluster is paused, and none
// of them runs before it is resumed.
func TestPauseChangesPools(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) {
		s.Pools = []v1alpha1.Pool{{Name: "b", Replicas: ptr.To[int32](2)}}
	})
	w.immortal("dev")
	w.expectPaused()
	if w.exists("dev-a", &appsv1.StatefulSet{}) || w.exists("dev-b", &appsv1.StatefulSet{}) {
		t.Error("the pool that was removed is still there, or the new one runs")
	}
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if got := w.vc("dev").Status.Nodes; got != 3 {
		t.Errorf("%d nodes, want 3", got)
	}
	w.witness.testify()
}

// TestPausedDeleting: deleting a paused cluster leaves nothing behind.
func TestPausedDeleting(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	w.delete("dev", &v1alpha1.VirtualCluster{})
	w.collectAll()
	if left := w.everything(); len(left) > 0 {
		t.Errorf("left behind: %s", names(left))
	}
}

// TestResumeRefused: where the host no longer lets the pods in, the cluster says
// so and stays as it was.
func TestResumeRefused(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	namespace := &corev1.Namespace{}
	if err := w.client.Get(t.Context(), client.ObjectKey{Name: w.ns}, namespace); err != nil {
		t.Fatal(err)
	}
	namespace.Labels["pod-security.kubernetes.io/enforce"] = "restricted"
	if err := w.client.Update(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonPodRejected)
	if n := *w.set("server").Spec.Replicas; n != 0 {
		t.Errorf("%d servers are wanted that nobody lets in", n)
	}
	w.witness.testify()
}

// TestResumedElsewhere: another state after a pause is a loss like any other.
func TestResumedElsewhere(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	w.stateID = "second" // somebody deleted the volume
	w.change("dev", resume)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionStateKept, no, v1alpha1.ReasonStateLost)
	if w.happened(v1alpha1.ReasonStateLost) != 1 {
		t.Error("no event, or more than one, tells of it")
	}
	w.witness.testify()
}
