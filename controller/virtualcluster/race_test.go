package virtualcluster

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestIdentityRace: of two controllers that find no identity at the same moment
// one makes it, and the other takes back what it made up.
func TestIdentityRace(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	raced := false
	w.count.fail = func(r *http.Request) error {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/secrets") && !raced {
			raced = true
			if _, err := w.start(&mortal{}).r.Reconcile(t.Context(), w.vc("dev")); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	if _, err := w.try("dev"); !isRace(err) || !raced {
		t.Errorf("Reconcile() = %v, want that somebody else was faster", err)
	}
	w.count.fail = nil
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	w.witness.testify()
}
