package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/confirm"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/create"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/help"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// Update routes a message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.resize()
		return m, nil
	case heard:
		return m, m.hear(msg)
	case screen.Tick:
		return m, tea.Batch(m.tick(), m.broadcast(msg))
	case create.Made:
		return m, m.made(msg)
	case copied:
		return m, m.copyOut(msg)
	case returned:
		m.comeBack(msg)
		return m, nil
	case saved:
		m.tellSaved(msg)
		return m, nil
	case connected:
		return m, m.switchTo(msg)
	case screen.Tell:
		m.tell(msg)
		return m, nil
	case failed:
		m.tellError(msg.what, msg.err)
		return m, nil
	case ended:
		return m, nil
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case tea.PasteMsg:
		return m, m.give(m.top(), msg)
	}
	return m, m.broadcast(msg)
}

// hear passes on what the source said, unless it was left meanwhile.
func (m *Model) hear(msg heard) tea.Cmd {
	if msg.ID != m.source.ID() {
		return nil
	}
	was := m.status().State
	cmd := m.broadcast(msg.Update)
	if s := m.status(); was == source.Live && s.State == source.Lost && s.Err != nil && m.base() != m.list {
		m.tell(screen.Tell{Text: "Not connected: " + m.Cause(s.Err), Bad: true}) // the list says so itself
	}
	return tea.Batch(msg.next, cmd)
}

// broadcast gives a message to every screen. All but keys goes to all of them:
// those below must not show what is no longer so when they come back.
func (m *Model) broadcast(msg tea.Msg) tea.Cmd {
	cmds := []tea.Cmd{m.give(m.list, msg)}
	for _, s := range append([]screen.Screen(nil), m.stack...) {
		cmds = append(cmds, m.give(s, msg))
	}
	return tea.Batch(cmds...)
}

func (m *Model) give(s screen.Screen, msg tea.Msg) tea.Cmd {
	request, cmd := s.Update(msg)
	return tea.Batch(cmd, m.fulfil(s, request))
}

func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	if key.Matches(msg, m.Keys.ForceQuit) {
		return m.quit()
	}
	if key.Matches(msg, m.Keys.Suspend) {
		return m.suspend()
	}
	m.told = screen.Tell{} // it was seen
	top := m.top()
	if t, ok := top.(screen.Typist); ok && t.Typing() {
		return m.give(top, msg)
	}
	_, isHelp := top.(*help.Help)
	if key.Matches(msg, m.Keys.Help) && !isHelp {
		m.push(help.New(m.Env))
		return nil
	}
	return m.give(top, msg)
}

// quit lets go of what is open. The context ends with the program.
func (m *Model) quit() tea.Cmd {
	m.removeAll()
	m.stop()
	return tea.Quit
}

// Status says how current everything is.
func (m *Model) status() source.Status {
	s, _ := m.list.Status()
	return s
}

// tellError shows what went wrong and what to do about it, in a box if that is
// more than one line.
func (m *Model) tellError(what string, err error) {
	line, remedy := m.Explain(err)
	text := what + ": " + line
	if remedy == "" && m.fits(text) {
		m.tell(screen.Tell{Text: text, Bad: true})
		return
	}
	m.box(confirm.Params{Title: what, Texts: append([]string{line}, strings.Split(remedy, "\n")...), Bad: true})
}

// tellSaved says where a kubeconfig is, in a box if that is more than one line:
// nobody finds a file by the half of its path.
func (m *Model) tellSaved(s saved) {
	title := "Kubeconfig of " + s.name + " written to"
	if text := title + " " + s.path; m.fits(text) {
		m.tell(screen.Tell{Text: text})
		return
	}
	m.box(confirm.Params{Title: title, Texts: []string{s.path}})
}

// fits says whether a remark can be read in the place of the keys.
func (m *Model) fits(text string) bool { return ansi.StringWidth(text)+2 <= m.width }

// box shows a box that only tells.
func (m *Model) box(p confirm.Params) {
	box, _ := confirm.New(m.ctx, m.Env, p)
	m.push(box)
}
