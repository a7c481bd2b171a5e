package tui_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// TestAllIsNamed: whatever the size, everything that is lost can be read, and
// the answers are always there.
func TestAllIsNamed(t *testing.T) {
	var lost []string
	for i := range 12 {
		lost = append(lost, fmt.Sprintf("volume state-of-the-cluster-%02d (10Gi), with all data on it, which-is-one-long-word-%02d", i, i))
	}
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 80, Height: 10}, {Width: 30, Height: 24}, {Width: 30, Height: 8}} {
		t.Run(fmt.Sprintf("%dx%d", size.Width, size.Height), func(t *testing.T) {
			w := begin(t, func(c *tui.Config) {
				c.Session.Inventory = func(context.Context, act.Target) ([]string, error) { return lost, nil }
			}, tuitest.Cluster("dev", tuitest.Ready))
			w.untilShows("live")
			w.Press("ctrl+d")
			w.untilShows("cluster-00")
			w.Send(size)
			seen := ""
			for range 200 {
				if !w.shows("Cancel") || !w.shows("Delete") {
					t.Fatalf("the answers are gone:\n%s", w.View())
				}
				for _, line := range strings.Split(ansi.Strip(w.View()), "\n") {
					if parts := strings.Split(line, "│"); len(parts) == 3 { // within the box
						seen += strings.Join(strings.Fields(parts[1]), "")
					}
				}
				w.Press("down")
			}
			for i := range lost {
				for _, word := range []string{fmt.Sprintf("cluster-%02d", i), fmt.Sprintf("word-%02d", i)} {
					if !strings.Contains(seen, word) {
						t.Errorf("%q is never shown", word)
					}
				}
			}
			w.Press("pgup", "y")
			w.untilDone("delete dev uid-dev")
		})
	}
}
