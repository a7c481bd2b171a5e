package tui_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// TestEveryKey: every key on the help screen does what it says, each of those
// that a line names.
func TestEveryKey(t *testing.T) {
	for _, g := range keys.Default().Groups() {
		for _, b := range g.Keys {
			does := b.Help().Desc
			p, ok := tuitest.Proofs[does]
			if !ok {
				t.Errorf("nothing proves that %s does %q", b.Help().Key, does)
				continue
			}
			for _, k := range b.Keys() {
				if p.Terminal || p.Elsewhere {
					continue // ptytest
				}
				t.Run(g.Title+"/"+k, func(t *testing.T) { prove(t, p, k) })
			}
		}
	}
}

func prove(t *testing.T, p tuitest.Proof, k string) {
	watcher, actions := tuitest.ProofWorld()
	w := begin(t, func(c *tui.Config) { c.Session.Watcher, c.Session.Actions = watcher, actions.All() })
	w.untilShows("live")
	for _, before := range p.Before {
		if text, waits := strings.CutPrefix(before, "~"); waits {
			w.untilWords(text)
			continue
		}
		w.Press(before)
	}
	if p.Ready != "" {
		w.untilWords(p.Ready)
	}
	if p.Shows != "" && strings.Contains(words(w.View()), p.Shows) {
		t.Fatalf("%q is there before the key is pressed:\n%s", p.Shows, w.View())
	}
	w.Press(k)
	w.Press(p.After...)
	if p.Quit {
		w.UntilQuit()
		return
	}
	if p.Shows != "" {
		w.untilWords(p.Shows)
	}
	if p.Hides != "" {
		w.Until("the end of "+p.Hides, func(view string) bool { return !strings.Contains(words(view), p.Hides) })
	}
	if p.Done != "" && !slices.Contains(actions.Done, p.Done) {
		t.Errorf("done was %v, want %s", actions.Done, p.Done)
	}
}

// words are what is shown, with one space between them.
func words(view string) string { return strings.Join(strings.Fields(ansi.Strip(view)), " ") }

func (w *world) untilWords(text string) {
	w.t.Helper()
	w.Until(text, func(view string) bool { return strings.Contains(words(view), text) })
}
