package virtualcluster

import (
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestClockJumps: whatever the controller's clock does, the cluster stays what
// it is, and comes back to rest.
func TestClockJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"Seconds": -10 * time.Second, "Hour": time.Hour, "HourBack": -time.Hour, "YearBack": -365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.newCluster("dev")
			w.immortal("dev")
			l := w.start(&mortal{})
			w.live(l, "dev")
			before := w.vc("dev").Status
			w.clock.SetTime(w.clock.Now().Add(jump))
			w.live(l, "dev")
			after := w.vc("dev").Status
			w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
			if before.IdentityFingerprint != after.IdentityFingerprint {
				t.Error("the identity changed")
			}
			if asJSON(t, before.Timeline) != asJSON(t, after.Timeline) {
				t.Errorf("the timeline changed from %v to %v", before.Timeline, after.Timeline)
			}
			result, err := l.r.Reconcile(t.Context(), w.vc("dev"))
			if err != nil || result.RequeueAfter <= 0 || result.RequeueAfter > adminLifetime {
				t.Errorf("comes back after %s (%v)", result.RequeueAfter, err)
			}
			w.witness.testify()
		})
	}
}

// TestKubeconfigFromTheFuture: a certificate that was issued while the clock was
// ahead is replaced once the clock is right, and one of a moment ago is not.
func TestKubeconfigFromTheFuture(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	first := w.backup("dev-kubeconfig").Data["value"]
	w.clock.Step(-time.Minute)
	w.settle("dev")
	if string(w.backup("dev-kubeconfig").Data["value"]) != string(first) {
		t.Error("a clock that is put right by a minute costs a certificate")
	}
	now := w.clock.Now()
	w.clock.Step(adminLifetime) // which renews it
	w.settle("dev")
	w.clock.SetTime(now)
	w.settle("dev")
	p, err := kubeconfig.Parse(w.backup("dev-kubeconfig").Data["value"])
	if err != nil {
		t.Fatal(err)
	}
	if from, err := pki.ValidFrom(p.ClientCert); err != nil || from.After(now) {
		t.Errorf("the kubeconfig is good from %s on (%v), and it is %s", from, err, now)
	}
}

// TestSettlingAfterAJump: a clock that was put back does not make the controller
// wait for guests for as long as it was ahead.
func TestSettlingAfterAJump(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	pod := w.serve("dev")
	w.clock.Step(-time.Hour)
	w.forget()
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, unknown, v1alpha1.ReasonNotProven)
	w.says(pod, serving, func(r *guestapi.Report) { r.Timeline[0].Time = w.clock.Now().Add(time.Hour) })
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
}
