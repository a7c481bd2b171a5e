package nodeinstall

import (
	"context"
	"os"
	"path/filepath"
	"strings"
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

// TestInstallNeedsItsProgram: containerd takes a handler whose program is not
// there, and a label would bring pods to where they cannot start.
func TestInstallNeedsItsProgram(t *testing.T) {
	m := newMachine(t, nodesetup.K3s)
	l := Local{Timeout: 20 * time.Second, Say: t.Logf, files: Files{Root: m.root}, services: m}
	l.Settings.OCIRuntime = "/opt/sysbox/sysbox-runc"
	for _, mode := range []os.FileMode{0, 0o644} {
		if mode != 0 {
			if err := l.files.write(l.Settings.OCIRuntime, mode, nil); err != nil {
				t.Fatal(err)
			}
		}
		report, err := l.Install(t.Context(), sysbox.New())
		if err == nil || !strings.Contains(err.Error(), l.Settings.OCIRuntime+", which this node does not have") || !report.Refused || !report.AsBefore || len(report.Labels) > 0 {
			t.Fatalf("mode %o: %+v, %v", mode, report, err)
		}
		m.alive()
	}
	if err := l.files.write(l.Settings.OCIRuntime, 0o755, nil); err != nil {
		t.Fatal(err)
	}
	report, err := l.Install(t.Context(), sysbox.New())
	if err != nil || report.Outcome != Restarted || report.AsBefore || report.Labels[sysbox.NodeLabel] != sysbox.NodeLabelValue {
		t.Errorf("with its program: %+v, %v", report, err)
	}
	m.alive(sysbox.Handler)
	if err := l.files.remove(l.Settings.OCIRuntime); err != nil {
		t.Fatal(err)
	}
	if report, err := l.Uninstall(t.Context(), sysbox.New()); err != nil || report.Outcome != Restarted {
		t.Errorf("taken off without its program: %+v, %v", report, err)
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
