package virtualcluster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// livesFor is a cluster with an end.
func livesFor(d time.Duration) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.TTLSeconds = int32(d.Seconds()) }
}

func (w *world) expiring(name string) bool {
	w.t.Helper()
	return meta.IsStatusConditionTrue(w.vc(name).Status.Conditions, v1alpha1.ConditionExpiring)
}

// TestExpire: the end is known, announced once, and exact.
func TestExpire(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", livesFor(2*time.Hour))
	w.immortal("dev")
	vc := w.vc("dev")
	end := vc.CreationTimestamp.Add(2 * time.Hour)
	if got := vc.Status.ExpiresAt; got == nil || !got.Time.Equal(end) {
		t.Fatalf("expires at %v, want %s", got, end)
	}
	w.clock.SetTime(end.Add(-12*time.Minute - time.Second))
	if back := w.reconcile("dev").RequeueAfter; back != time.Second {
		t.Errorf("comes back after %s, want 1s: that is when the end is announced", back)
	}
	if w.expiring("dev") || w.happened(v1alpha1.ReasonExpiring) != 0 {
		t.Error("announced too early")
	}
	w.clock.SetTime(end.Add(-12 * time.Minute))
	if back := w.reconcile("dev").RequeueAfter; back != 12*time.Minute {
		t.Errorf("comes back after %s, want 12m: that is the end", back)
	}
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if n := w.happened(v1alpha1.ReasonExpiring); !w.expiring("dev") || n != 1 {
		t.Errorf("announced by %d events, want one", n)
	}
	w.clock.SetTime(end.Add(-time.Millisecond))
	w.settle("dev")
	w.witness.testify()
	w.clock.SetTime(end)
	w.reconcile("dev")
	if w.exists("dev", &v1alpha1.VirtualCluster{}) {
		t.Error("the cluster is still there at its end")
	}
	if w.happened(v1alpha1.ReasonExpired) != 1 {
		t.Error("no event, or more than one, tells of it")
	}
	w.collectAll()
	if left := w.everything(); len(left) > 0 {
		t.Errorf("left behind: %s", names(left))
	}
}

// TestExpireExtended: whoever gives a cluster more time is believed at once, and
// each end is announced.
func TestExpireExtended(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", livesFor(10*time.Minute))
	w.immortal("dev")
	made := w.vc("dev").CreationTimestamp
	for _, end := range []time.Duration{10 * time.Minute, 20 * time.Minute} {
		w.change("dev", func(s *v1alpha1.VirtualClusterSpec) {
			s.Lifecycle.TTLSeconds = int32(end.Seconds())
		})
		w.clock.SetTime(made.Add(end - 30*time.Second))
		w.immortal("dev")
		if n := w.happened(v1alpha1.ReasonExpiring); !w.expiring("dev") || n != 1 {
			t.Errorf("the end after %s is announced by %d events, want one", end, n)
		}
	}
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.TTLSeconds = 0 })
	w.clock.SetTime(made.Add(time.Hour))
	w.immortal("dev")
	if got := w.vc("dev").Status.ExpiresAt; got != nil || w.expiring("dev") {
		t.Errorf("expires at %v although nobody asks for it", got)
	}
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.TTLSeconds = 60 })
	w.reconcile("dev")
	if w.exists("dev", &v1alpha1.VirtualCluster{}) {
		t.Error("a time that has passed already lets the cluster live")
	}
	w.witness.testify()
}

// TestExpireRace: a controller that has not seen yet that a cluster was given
// more time does not delete it.
func TestExpireRace(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", livesFor(10*time.Minute))
	w.immortal("dev")
	stale := w.vc("dev")
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.TTLSeconds = 1200 })
	w.clock.SetTime(stale.CreationTimestamp.Add(11 * time.Minute))
	if _, err := w.r.Reconcile(t.Context(), stale); !isRace(err) {
		t.Errorf("Reconcile() = %v, want a conflict", err)
	}
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if w.happened(v1alpha1.ReasonExpired) != 0 {
		t.Error("an event tells of an end that was none")
	}
	w.witness.testify()
}

// TestExpireWithoutRight: where the controller may not delete, it says so.
func TestExpireWithoutRight(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", livesFor(10*time.Minute))
	w.immortal("dev")
	w.clock.SetTime(w.vc("dev").CreationTimestamp.Add(10 * time.Minute))
	w.count.fail = func(req *http.Request) error {
		if req.Method == http.MethodDelete {
			return envtest.ErrDead
		}
		return nil
	}
	if _, err := w.try("dev"); err == nil || !strings.Contains(err.Error(), "whose time has come") {
		t.Errorf("Reconcile() = %v, want it to say what it could not do", err)
	}
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady) // a hiccup
	w.count.fail = nil
	w.reconcile("dev")
	if w.exists("dev", &v1alpha1.VirtualCluster{}) {
		t.Error("it is not tried again")
	}
}

// TestExpirePaused: being paused keeps nobody alive.
func TestExpirePaused(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", livesFor(10*time.Minute), withWorkers)
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	w.expectPaused()
	end := w.vc("dev").Status.ExpiresAt.Time
	w.clock.SetTime(end.Add(-time.Minute))
	w.immortal("dev")
	w.expectPaused()
	if !w.expiring("dev") {
		t.Error("nothing tells of the end")
	}
	w.witness.testify()
	w.clock.SetTime(end.Add(time.Hour)) // the controller was down
	w.reconcile("dev")
	if w.exists("dev", &v1alpha1.VirtualCluster{}) {
		t.Error("the cluster is still there after its end")
	}
}

// TestCrashExpiring lets the controller die after every single write between the
// announcement of the end and the end.
func TestCrashExpiring(t *testing.T) {
	t.Parallel()
	for death, lost := range deaths {
		for n := 1; n <= 2; n++ {
			t.Run(fmt.Sprintf("%s/%d", death, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.newCluster("dev", livesFor(10*time.Minute))
				w.immortal("dev")
				end := w.vc("dev").Status.ExpiresAt.Time
				dying := w.start(&mortal{last: n, loseAnswer: lost})
				w.clock.SetTime(end.Add(-time.Second))
				w.live(dying, "dev")
				w.immortal("dev")
				w.expect("dev", v1alpha1.ConditionExpiring, yes, v1alpha1.ReasonExpiring)
				w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
				w.clock.SetTime(end)
				if n == 2 {
					w.live(dying, "dev")
				}
				w.immortal("dev")
				if w.exists("dev", &v1alpha1.VirtualCluster{}) {
					t.Error("the cluster outlived its end")
				}
				w.collectAll()
				w.leave()
			})
		}
	}
}

func TestNotice(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		time.Minute: time.Minute, 5 * time.Minute: time.Minute, 30 * time.Minute: 3 * time.Minute,
		10 * time.Hour: time.Hour, 365 * 24 * time.Hour: time.Hour,
	} {
		if got := notice(ttl); got != want {
			t.Errorf("a cluster of %s is said to expire %s before its end, want %s", ttl, got, want)
		}
	}
}

// TestExpireMeanwhile: an end that comes during a reconciliation wakes the next.
func TestExpireMeanwhile(t *testing.T) {
	s := aScope()
	s.vc.Spec.Lifecycle.TTLSeconds = 60
	s.vc.CreationTimestamp = metav1.NewTime(noon.Add(-time.Minute))
	if err := expire(s); err != nil {
		t.Fatal(err)
	}
	if s.requeue <= 0 {
		t.Error("nobody comes back to delete the cluster")
	}
}
