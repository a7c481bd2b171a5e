package virtualcluster

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestCrashIdentityDeleted deletes the identity after every single write, and
// the controller dies with it. Once it was on record, or anything was made from
// it, nothing is made anew, and the cluster goes on when it is restored.
func TestCrashIdentityDeleted(t *testing.T) {
	t.Parallel()
	afterEachWrite(t, func(w *world, _ *v1alpha1.VirtualCluster, n int) {
		var saved *corev1.Secret
		w.live(w.start(&mortal{last: n, passed: func(done int) {
			if done == n && w.exists("dev-identity", &corev1.Secret{}) {
				saved = w.backup("dev-identity")
				w.delete("dev-identity", &corev1.Secret{})
			}
		}}), "dev")
		recorded := w.vc("dev").Status.IdentityFingerprint
		traced := recorded != "" || w.exists("dev-join", &corev1.Secret{})
		w.immortal("dev")
		if traced {
			w.expectLost(recorded)
			w.create(saved)
			w.immortal("dev")
		}
		w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
		w.expectSound("dev")
		w.leave()
	})
}

// expectLost checks that an identity is missed and not made anew.
func (w *world) expectLost(recorded string) {
	w.t.Helper()
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonIdentityLost)
	w.expect("dev", v1alpha1.ConditionStalled, yes, v1alpha1.ReasonIdentityLost)
	if w.exists("dev-identity", &corev1.Secret{}) {
		w.t.Error("the identity was made anew")
	}
	if got := w.vc("dev").Status.IdentityFingerprint; got != recorded {
		w.t.Errorf("on record is %.12s, was %.12s", got, recorded)
	}
	if w.happened(v1alpha1.ReasonIdentityLost) != 1 {
		w.t.Error("no event, or more than one, tells of it")
	}
}
