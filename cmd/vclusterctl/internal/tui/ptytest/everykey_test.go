package ptytest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"k8s.io/utils/clock"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// ofProofs runs the TUI in the world of the proofs.
func ofProofs(ctx context.Context) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watcher, actions := tuitest.ProofWorld()
	actions.Talks = true
	c := tui.Config{
		Env: tuitest.Env(true, false), Clock: clock.RealClock{},
		Session:  &tui.Session{Context: "host", Namespace: "default", Watcher: watcher, Actions: actions.All()},
		Contexts: func(context.Context) ([]string, error) { return []string{"host", "other"}, nil },
	}
	if _, err := tea.NewProgram(tui.New(ctx, c)).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// sent is what a terminal sends for a key.
func sent(key string) string {
	if code, ok := map[string]string{
		"enter": "\r", "esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
		"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
		"pgup": "\x1b[5~", "pgdown": "\x1b[6~", "home": "\x1b[H", "end": "\x1b[F",
	}[key]; ok {
		return code
	}
	if letter, ok := strings.CutPrefix(key, "ctrl+"); ok {
		return string(rune(letter[0] & 0x1f))
	}
	return key
}

// TestEveryKey: every key on the help screen does what it says, as a terminal
// sends it and as a terminal shows it.
func TestEveryKey(t *testing.T) {
	for _, g := range keys.Default().Groups() {
		for _, b := range g.Keys {
			p, ok := tuitest.Proofs[b.Help().Desc]
			if !ok {
				t.Errorf("nothing proves that %s does %q", b.Help().Key, b.Help().Desc)
			}
			for _, k := range b.Keys() {
				if ok && !p.Elsewhere {
					t.Run(g.Title+"/"+k, func(t *testing.T) { prove(t, p, k) })
				}
			}
		}
	}
}

func prove(t *testing.T, p tuitest.Proof, k string) {
	cmd := program(t, "none")
	cmd.Env = append(cmd.Env, asProgram+"="+proofsProgram)
	m := sit(t, cmd)
	m.shows("● live")
	m.shows("▌ dev-00")
	for _, before := range p.Before {
		if text, waits := strings.CutPrefix(before, "~"); waits {
			m.shows(text)
			continue
		}
		m.press(sent(before))
		time.Sleep(pause) //nolint:forbidigo // what follows esc at once would be alt
	}
	if p.Ready != "" {
		m.shows(p.Ready)
	}
	if p.Shows != "" {
		m.must(m.AwaitGone(m.within(), p.Shows)) // as what was pressed before may still be under way
	}
	m.press(sent(k))
	for _, after := range p.After {
		m.press(sent(after))
	}
	if p.Shows != "" {
		m.shows(p.Shows)
	}
	if p.Hides != "" {
		m.must(m.AwaitGone(m.within(), p.Hides))
	}
	if p.Terminal {
		m.press("\r")
		m.shows("Back from")
	}
	if !p.Quit {
		m.press(sent("ctrl+c"))
	}
	m.ends(0)
}

// pause is longer than a terminal takes for the bytes of one key.
const pause = 5 * time.Millisecond
