package nodeinstall

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
)

// TestRecoverAfterPowerLoss: what is in /run is gone then, and with what was half
// written the container runtime does not come up to make it again. Nobody has to
// know what kind of node it is.
func TestRecoverAfterPowerLoss(t *testing.T) {
	for _, kind := range []nodesetup.Kind{nodesetup.K3s, nodesetup.Containerd} {
		t.Run(string(kind), func(t *testing.T) {
			m := newMachine(t, kind)
			before := m.get(m.layout.Config)
			plan := breakIt(m.plan(kind, makeIt), func([]byte) []byte { return []byte("]{{") })
			i := m.installer()
			i.Kind, i.Services = kind, powerless{m}
			func() {
				defer func() { _ = recover() }() // the power is back
				_, err := i.Install(t.Context(), plan)
				t.Errorf("the power did not go: %v", err)
			}()
			l := Local{Timeout: 20 * time.Second, Say: t.Logf, files: Files{Root: m.root}, services: m}
			report, err := l.Uninstall(t.Context(), sysbox.New())
			if err != nil || report.Kind != kind || report.Outcome != Unchanged {
				t.Fatalf("%+v, %v", report, err)
			}
			m.alive()
			if diff := cmp.Diff(before, m.get(m.layout.Config)); diff != "" {
				t.Errorf("the configuration is not as before: %s", diff)
			}
			if left := m.get(Journal); left != "" {
				t.Errorf("the journal stays: %s", left)
			}
		})
	}
}

// powerless loses its power at the first restart.
type powerless struct{ *machine }

func (p powerless) Restart(context.Context, string) error {
	p.stop()
	if err := os.RemoveAll(filepath.Join(p.root, p.layout.Socket)); err != nil {
		p.Fatal(err)
	}
	panic("no power")
}
