package nodeinstall

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
)

// plan is what is planned for the machine as it is now.
func (m *machine) plan(kind nodesetup.Kind, of func(*testing.T, nodesetup.Node) nodesetup.Plan) nodesetup.Plan {
	m.Helper()
	n, err := Files{Root: m.root}.Gather(kind)
	if err != nil {
		m.Fatal(err)
	}
	return of(m.T, n)
}

// makeIt plans for a runtime that asks nothing of the machine's cgroups.
func makeIt(t *testing.T, n nodesetup.Node) nodesetup.Plan {
	t.Helper()
	plan, err := nodesetup.Make(sysbox.New(), n)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func undoIt(t *testing.T, n nodesetup.Node) nodesetup.Plan {
	t.Helper()
	plan, err := nodesetup.Undo(sysbox.New(), n)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// The whole way, on the real containerd.
func TestInstallAndUninstall(t *testing.T) {
	for _, kind := range []nodesetup.Kind{nodesetup.Containerd, nodesetup.K3s} {
		t.Run(string(kind), func(t *testing.T) {
			m := newMachine(t, kind)
			before := m.get(m.layout.Config)
			m.alive()
			for _, step := range []struct {
				of       func(*testing.T, nodesetup.Node) nodesetup.Plan
				install  bool
				want     Outcome
				handlers []string
			}{
				{makeIt, true, Restarted, []string{sysbox.Handler}},
				{makeIt, true, Unchanged, []string{sysbox.Handler}},
				{undoIt, false, Restarted, nil},
				{undoIt, false, Unchanged, nil},
			} {
				do := m.installer().Uninstall
				if step.install {
					do = m.installer().Install
				}
				got, err := do(t.Context(), m.plan(kind, step.of))
				if err != nil || got != step.want {
					t.Fatalf("outcome %q, want %q; %v", got, step.want, err)
				}
				m.alive(step.handlers...)
			}
			if diff := cmp.Diff(before, m.get(m.layout.Config)); diff != "" {
				t.Errorf("after everything the configuration is another: -before, +after:\n%s", diff)
			}
			if left := m.get(Journal); left != "" {
				t.Errorf("the journal stays: %s", left)
			}
		})
	}
}

// breakIt makes a plan's configuration one that does not work.
func breakIt(plan nodesetup.Plan, broken func([]byte) []byte) nodesetup.Plan {
	plan.Files = slices.Clone(plan.Files)
	last := &plan.Files[len(plan.Files)-1]
	last.Data = broken(last.Data)
	return plan
}

// Whatever is wrong with what is written, the node has its container runtime in
// the end, with what it had before.
func TestBrokenConfigurationIsPutBack(t *testing.T) {
	again := "\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\n  cgroup_writable = true\n"
	cases := map[string]struct {
		reason string
		kind   nodesetup.Kind
		broken func([]byte) []byte
		want   string
	}{
		"Template":  {"K3s itself ends.", nodesetup.K3s, func(b []byte) []byte { return append(b, "{{ template \"base"...) }, "k3s ended"},
		"NoSuch":    {"The template names what is not there.", nodesetup.K3s, func(b []byte) []byte { return append(b, "{{ template \"other\" . }}"...) }, "k3s ended"},
		"Twice":     {"containerd ends: the base has the table.", nodesetup.K3s, func(b []byte) []byte { return append(b, again...) }, "containerd ended"},
		"TwiceHere": {"containerd ends, without a template.", nodesetup.Containerd, func(b []byte) []byte { return append(b, again...) }, "containerd ended"},
		"Garbage":   {"It is no TOML.", nodesetup.Containerd, func([]byte) []byte { return []byte("]") }, "containerd ended"},
		"NoEffect":  {"containerd runs, and has no handler.", nodesetup.Containerd, func([]byte) []byte { return nil }, "put back"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, tc.kind)
			before := m.get(m.layout.Config)
			plan := breakIt(m.plan(tc.kind, makeIt), tc.broken)
			if name == "NoEffect" {
				plan = breakIt(plan, func([]byte) []byte { return append([]byte(before), "# no handler\n"...) })
			}
			i := m.installer()
			i.Timeout = 5 * time.Second
			got, err := i.Install(t.Context(), plan)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "put back as it was") {
				t.Errorf("%s outcome %q, error %v does not say %q", tc.reason, got, err, tc.want)
			}
			m.alive()
			if diff := cmp.Diff(before, m.get(m.layout.Config)); diff != "" {
				t.Errorf("the configuration is not as before: %s", diff)
			}
			for _, f := range plan.Files {
				if f.Path != m.layout.Config && m.get(f.Path) != "" {
					t.Errorf("%s stays", f.Path)
				}
			}
			if left := m.get(Journal); left != "" {
				t.Errorf("the journal stays: %s", left)
			}
		})
	}
}

// Where the node's own program can read the configuration first, a broken one
// restarts nothing.
func TestCheckComesBeforeTheRestart(t *testing.T) {
	m := newMachine(t, nodesetup.Containerd)
	i := m.installer()
	run := func(ctx context.Context, _ string, args ...string) (string, error) {
		return "", m.runContainerd(ctx, args...)
	}
	i.Check = ContainerdCheck(run, filepath.Join(m.root, m.layout.Config))
	plan := m.plan(nodesetup.Containerd, makeIt)
	_, err := i.Install(t.Context(), breakIt(plan, func(b []byte) []byte { return append(b, ']') }))
	if err == nil || !strings.Contains(err.Error(), "would not read its new configuration") || m.starts != 1 {
		t.Errorf("after %d starts: %v", m.starts, err)
	}
	m.alive()
	if got, err := i.Install(t.Context(), plan); err != nil || got != Restarted {
		t.Errorf("the good one: %s, %v", got, err)
	}
}

// Somebody who does not want to wait any longer leaves the node as it was.
func TestInterruptedIsPutBack(t *testing.T) {
	m := newMachine(t, nodesetup.Containerd)
	before := m.get(m.layout.Config)
	ctx, cancel := context.WithCancel(t.Context())
	i := m.installer()
	i.Services = interrupting{m, cancel}
	outcome, err := i.Install(ctx, m.plan(nodesetup.Containerd, makeIt))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v does not say that it was interrupted", err)
	}
	if !leftAsBefore(outcome, err) {
		t.Errorf("nobody is told that everything was put back: %s, %v", outcome, err)
	}
	m.alive()
	if diff := cmp.Diff(before, m.get(m.layout.Config)); diff != "" {
		t.Error(diff)
	}
}

// interrupting gives up while the first restart is under way.
type interrupting struct {
	*machine

	cancel context.CancelFunc
}

func (i interrupting) Restart(ctx context.Context, unit string) error {
	i.cancel()
	return i.machine.Restart(ctx, unit)
}

// A run that was cut off, by the end of the machine or of its pod, is put back by
// the next one.
func TestRecover(t *testing.T) {
	m := newMachine(t, nodesetup.Containerd)
	before := m.get(m.layout.Config)
	plan := breakIt(m.plan(nodesetup.Containerd, makeIt), func([]byte) []byte { return []byte("]") })
	i := m.installer()
	changes, err := i.Files.changes(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Files.writeJournal(nodesetup.Containerd, changes); err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := i.Files.do(c); err != nil {
			t.Fatal(err)
		}
	}
	m.stop()
	if done, err := i.Recover(t.Context(), plan.Units); !done || err != nil {
		t.Fatalf("%t, %v", done, err)
	}
	m.alive()
	if diff := cmp.Diff(before, m.get(m.layout.Config)); diff != "" {
		t.Error(diff)
	}
	if done, err := i.Recover(t.Context(), plan.Units); done || err != nil {
		t.Errorf("there is nothing to put back any more: %t, %v", done, err)
	}
}

func TestVersion(t *testing.T) {
	m := newMachine(t, nodesetup.Containerd)
	version, err := m.cri().Version(t.Context())
	if err != nil || !strings.HasPrefix(strings.TrimPrefix(version, "v"), "2.") {
		t.Errorf("version %q, %v", version, err)
	}
}
