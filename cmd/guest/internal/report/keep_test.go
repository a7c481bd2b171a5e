package report

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestKeepTimeline: a guest that is started anew knows when things happened.
func TestKeepTimeline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "timeline.json")
	first, second := newStore(), NewStore(guestapi.Report{}, func() time.Time { return start.Add(time.Hour) })
	if err := first.KeepTimeline(path, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	first.Pass(guestapi.MilestoneAPI)
	if err := second.KeepTimeline(path, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	second.Pass(guestapi.MilestoneAPI)
	second.Pass(guestapi.MilestoneSchedulable)
	want := []guestapi.Milestone{
		{Name: guestapi.MilestoneAPI, Time: start},
		{Name: guestapi.MilestoneSchedulable, Time: start.Add(time.Hour)},
	}
	if diff := cmp.Diff(want, second.Current().Timeline); diff != "" {
		t.Errorf("timeline: -want +got:\n%s", diff)
	}
}

func TestKeepTimelineBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "timeline.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newStore().KeepTimeline(path, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a broken file is taken for an empty one")
	}
}
