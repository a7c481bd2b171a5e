package inside

import (
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// watch is what is held against a cluster while something happens to it: all
// that it acknowledged must be found again, and its conditions must be true.
type watch struct {
	*scene

	ledger  *harness.Ledger
	witness *harness.Witness
}

// watch begins to write into the cluster and to compare its conditions with what
// can be seen.
func (v *virtual) watch(s *scene) *watch {
	s.Helper()
	s.must(host.Get(s.ctx, client.ObjectKeyFromObject(v.vc), v.vc))
	ledger, err := harness.OpenLedger(s.ctx, v.inner)
	s.must(err)
	s.Cleanup(ledger.Close)
	witness, err := host.Witness(s.ctx, v.vc, v.inner)
	s.must(err)
	s.Cleanup(func() { witness.Close() })
	w := &watch{scene: s, ledger: ledger, witness: witness}
	w.acknowledges()
	return w
}

var errNoAnswer = errors.New("no answer yet")

// acknowledges waits until the cluster has taken one more entry.
func (w *watch) acknowledges() {
	w.Helper()
	before, _ := w.ledger.Acknowledged()
	w.must(host.Eventually(w.within(stepTimeout), func() error {
		now, refused := w.ledger.Acknowledged()
		switch {
		case now > before:
			return nil
		case refused == nil:
			refused = errNoAnswer
		}
		return fmt.Errorf("the cluster takes nothing that is written to it: %w", refused)
	}))
}

// check wants the cluster to have lost nothing, and to have told no lie.
func (w *watch) check() {
	w.Helper()
	w.acknowledges()
	if err := w.ledger.Check(w.within(stepTimeout)); err != nil {
		w.Error(err)
	}
	for _, lie := range w.witness.Lies() {
		w.Errorf("a condition was not true: %s", lie)
	}
}
