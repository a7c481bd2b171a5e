// Package help is the screen that explains every key. It is made from the key
// map alone.
package help

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/pane"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
)

// Help is the screen.
type Help struct {
	screen.Env
	pane *pane.Pane
}

// New is the screen.
func New(env screen.Env) *Help {
	h := &Help{Env: env, pane: pane.New(env.Theme, env.Keys)}
	h.pane.SetLines(h.lines())
	return h
}

func (h *Help) lines() []string {
	var lines []string
	for _, g := range h.Keys.Groups() {
		lines = append(lines, "", " "+h.Theme.Title.Render(g.Title)+h.Muted.Render("  "+g.Where))
		for _, b := range g.Keys {
			lines = append(lines, "   "+h.Key.Render(h.Fit(b.Help().Key, 24))+" "+b.Help().Desc)
		}
	}
	return lines
}

// SetSize makes room.
func (h *Help) SetSize(width, height int) { h.pane.SetSize(width, height) }

// Title says what is shown.
func (h *Help) Title() string { return "help" }

// View draws the keys.
func (h *Help) View() string { return h.pane.View() }

// Typing says whether keys are text for the search.
func (h *Help) Typing() bool { return h.pane.Typing() }

// Help are the keys to point out.
func (h *Help) Help() []key.Binding {
	return []key.Binding{h.Keys.Back, h.Keys.Down, h.Keys.PageDown, h.Keys.Search}
}

// Update takes a message.
func (h *Help) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	if h.pane.Update(msg) {
		return nil, nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if ok && key.Matches(press, h.Keys.Back, h.Keys.Help) && !h.pane.StopSearch() {
		return screen.Back, nil
	}
	return nil, nil
}
