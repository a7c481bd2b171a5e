// Package confirm is the box that asks before something is done, and names
// what is lost by it. It also shows what is too long for one line.
package confirm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// Params say what is asked.
type Params struct {
	Title string
	// Texts stand below the title, one paragraph each.
	Texts []string
	// Find finds out more to name; until it has, nobody can say yes.
	Find func(context.Context) ([]string, error)
	// Yes is what is done, by a name that fits on a button. Without Do the box
	// only tells.
	Yes string
	Do  tea.Cmd
	// Bad says that something is lost.
	Bad bool
	// Target is the cluster that it is about; the box closes if it goes.
	Target *row.Row
}

// Confirm is the box.
type Confirm struct {
	screen.Env
	Params

	width, height int
	finding       bool
	found         []string
	err           error
	yes           bool
	// top is the first line of the text that is visible.
	top int
}

// found is what was found out, with the box that asked for it.
type found struct {
	by    *Confirm
	lines []string
	err   error
}

// New is the box, and the command that finds out what to name.
func New(ctx context.Context, env screen.Env, p Params) (*Confirm, tea.Cmd) {
	c := &Confirm{Env: env, Params: p}
	if p.Find == nil {
		return c, nil
	}
	c.finding = true
	return c, func() tea.Msg {
		lines, err := p.Find(ctx)
		return found{by: c, lines: lines, err: err}
	}
}

// IsDialog makes it a box.
func (c *Confirm) IsDialog() {}

// Typing keeps keys of the program from it.
func (c *Confirm) Typing() bool { return true }

// Title says what is asked.
func (c *Confirm) Title() string { return strings.ToLower(c.Yes) }

// SetSize makes room.
func (c *Confirm) SetSize(width, height int) {
	c.width, c.height = width, height
	c.scroll(0)
}

// Help are the keys to point out.
func (c *Confirm) Help() []key.Binding {
	if c.Do == nil {
		return append(c.moves(), c.Keys.Cancel)
	}
	return append(c.moves(), c.Keys.Yes, c.Keys.No, c.Keys.OtherAnswer, c.Keys.Choose, c.Keys.Cancel)
}

// Update takes a message.
func (c *Confirm) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	switch msg := msg.(type) {
	case found:
		if msg.by == c {
			c.finding, c.found, c.err = false, msg.lines, msg.err
		}
	case source.Update:
		return c.learn(msg), nil
	case tea.KeyPressMsg:
		return c.pressed(msg), nil
	}
	return nil, nil
}

// learn closes the box when its cluster is gone: whatever has that name by then
// is another one.
func (c *Confirm) learn(u source.Update) screen.Request {
	if c.Target == nil {
		return nil
	}
	vc, told := u.Of(c.Target.Key)
	if !told || vc != nil && vc.UID == c.Target.UID {
		return nil
	}
	return screen.Run{Cmd: func() tea.Msg { return screen.Tell{Text: c.Target.Key.Name + " is gone already."} }}
}

func (c *Confirm) pressed(press tea.KeyPressMsg) screen.Request {
	switch {
	case c.move(press):
		return nil
	case key.Matches(press, c.Keys.No, c.Keys.Cancel):
		return screen.Back
	case c.Do == nil && key.Matches(press, c.Keys.Choose):
		return screen.Back
	case c.Do == nil || c.finding:
		return nil
	case key.Matches(press, c.Keys.Yes):
		return screen.Run{Cmd: c.Do}
	case key.Matches(press, c.Keys.OtherAnswer):
		c.yes = !c.yes
	case key.Matches(press, c.Keys.Choose):
		if c.yes {
			return screen.Run{Cmd: c.Do}
		}
		return screen.Back
	}
	return nil
}

// inner is the width inside the box.
func (c *Confirm) inner() int { return max(min(c.width-6, 66), 1) }

// room is how many lines of the text fit: the frame of the box, the line of the
// buttons and that above it stay.
func (c *Confirm) room() int { return max(c.height-4, 1) }

// lines are the whole text.
func (c *Confirm) lines() []string {
	width := c.inner()
	style := c.Bold
	if c.Bad {
		style = c.Theme.Bad
	}
	var lines []string
	for _, line := range theme.Wrap(c.Clean(c.Params.Title), width) {
		lines = append(lines, style.Render(line))
	}
	for _, text := range c.Texts {
		lines = append(lines, theme.Wrap(c.Clean(text), width)...)
	}
	return append(lines, c.names(width)...)
}

// moves are the keys to point out where not all of the text is visible.
func (c *Confirm) moves() []key.Binding {
	if len(c.lines()) <= c.room() {
		return nil
	}
	return []key.Binding{c.Keys.Down, c.Keys.Up}
}

func (c *Confirm) move(press tea.KeyPressMsg) bool {
	switch k := c.Keys; {
	case key.Matches(press, k.Up):
		c.scroll(-1)
	case key.Matches(press, k.Down):
		c.scroll(1)
	case key.Matches(press, k.PageUp):
		c.scroll(-c.room())
	case key.Matches(press, k.PageDown):
		c.scroll(c.room())
	default:
		return false
	}
	return true
}

func (c *Confirm) scroll(by int) {
	c.top = max(min(c.top+by, len(c.lines())-c.room()), 0)
}

// View draws the box. All of the text can be got to, and the buttons stay.
func (c *Confirm) View() string {
	all := c.lines()
	top := max(min(c.top, len(all)-c.room()), 0)
	shown := slices.Clone(all[top:min(top+c.room(), len(all))])
	shown = append(shown, c.more(top, len(all)-top-len(shown)), c.buttons())
	for i := range shown {
		shown[i] = c.Fit(shown[i], c.inner())
	}
	return c.Box.Render(strings.Join(shown, "\n"))
}

// more says that the text goes on.
func (c *Confirm) more(above, below int) string {
	var parts []string
	if above > 0 {
		parts = append(parts, fmt.Sprintf("%s %d more", c.Up, above))
	}
	if below > 0 {
		parts = append(parts, fmt.Sprintf("%s %d more", c.Down, below))
	}
	return c.Muted.Render(strings.Join(parts, "  "))
}

func (c *Confirm) names(width int) []string {
	switch {
	case c.finding:
		return []string{"Finding out what that takes along" + c.Ellipsis}
	case c.err != nil:
		line, _ := c.Explain(c.err)
		return theme.Wrap(c.Clean("What that takes along cannot be found out: "+line), width)
	}
	var lines []string
	for _, one := range c.found {
		for i, line := range theme.Wrap(c.Clean(one), width-4) {
			lead := "    "
			if i == 0 {
				lead = "  " + c.Dot + " "
			}
			lines = append(lines, lead+line)
		}
	}
	return lines
}

func (c *Confirm) buttons() string {
	if c.Do == nil {
		return c.Selected.Render(" OK ")
	}
	no, yes := " Cancel ", " "+c.Yes+" "
	if c.yes {
		return no + "  " + c.Selected.Render(c.Arrow+yes)
	}
	return c.Selected.Render(c.Arrow+no) + "  " + yes
}
