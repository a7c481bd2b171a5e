package nodeinstall

import (
	"errors"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// A run in progress has a journal, too: another one must not take it for one that
// was cut off, and put its files back under it.
func TestOneRunAtATime(t *testing.T) {
	files := Files{Root: t.TempDir()}
	unlock, err := files.lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := files.writeJournal(nodesetup.Containerd, []change{{before: was{Path: "/etc/x.toml"}}}); err != nil {
		t.Fatal(err)
	}
	if err := files.write("/etc/x.toml", 0o600, []byte("new")); err != nil {
		t.Fatal(err)
	}
	second := Local{Settings: nodesetup.Node{Kind: nodesetup.Containerd}, Say: t.Logf, files: files}
	report, err := second.Install(t.Context(), userns.New())
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "wait until it has ended") || !report.Refused || report.Outcome != Unchanged {
		t.Errorf("beside a run in progress: %+v, %v", report, err)
	}
	if data, _, err := files.read("/etc/x.toml"); string(data) != "new" || err != nil {
		t.Errorf("the file of the run in progress is %q, %v", data, err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := files.lock()
	if err != nil {
		t.Fatalf("after a run that has ended: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
