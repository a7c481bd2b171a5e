// Package pick is the box in which one of several things is chosen.
package pick

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// Params say what there is to choose.
type Params struct {
	// Topic comes back with the choice, Title asks for it.
	Topic, Title string
	// Items are known beforehand, or Fetch finds them.
	Items []string
	Fetch func(context.Context) ([]string, error)
	// Current is where the cursor begins.
	Current string
	// Free lets people choose what is not offered, by typing it.
	Free bool
}

// Pick is the box.
type Pick struct {
	screen.Env
	Params

	width, height int
	loading       bool
	err           error
	shown         []string
	cursor        int
	filter        textinput.Model
}

// fetched are the items, with the box that asked for them.
type fetched struct {
	by    *Pick
	items []string
	err   error
}

// New is the box, and the command that finds what there is to choose.
func New(ctx context.Context, env screen.Env, p Params) (*Pick, tea.Cmd) {
	pick := &Pick{Env: env, Params: p, filter: input.New(env.Theme, "> ")}
	pick.filter.Focus()
	pick.arrange()
	for i, item := range pick.shown {
		if item == p.Current {
			pick.cursor = i
		}
	}
	if p.Fetch == nil {
		return pick, nil
	}
	pick.loading = true
	return pick, func() tea.Msg {
		items, err := p.Fetch(ctx)
		return fetched{by: pick, items: items, err: err}
	}
}

// IsDialog makes it a box.
func (p *Pick) IsDialog() {}

// Typing is always so: every letter narrows the choice.
func (p *Pick) Typing() bool { return true }

// Title says what is chosen.
func (p *Pick) Title() string { return p.Topic }

// Help are the keys to point out.
func (p *Pick) Help() []key.Binding {
	return []key.Binding{p.Keys.Choose, p.Keys.Cancel, p.Keys.PreviousItem, p.Keys.NextItem}
}

// SetSize makes room.
func (p *Pick) SetSize(width, height int) {
	p.width, p.height = width, height
	p.filter.SetWidth(max(p.inner()-3, 1))
}

// Update takes a message.
func (p *Pick) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	switch msg := msg.(type) {
	case fetched:
		if msg.by == p {
			p.fill(msg)
		}
	case tea.KeyPressMsg:
		return p.pressed(msg), nil
	case tea.PasteMsg:
		p.typed(msg)
	}
	return nil, nil
}

func (p *Pick) fill(f fetched) {
	p.loading, p.err = false, f.err
	p.Items = append(p.Items, f.items...)
	p.arrange()
	for i, item := range p.shown {
		if item == p.Current && p.filter.Value() == "" {
			p.cursor = i
		}
	}
}

func (p *Pick) pressed(press tea.KeyPressMsg) screen.Request {
	switch {
	case key.Matches(press, p.Keys.PreviousItem):
		p.cursor = max(p.cursor-1, 0)
		return nil
	case key.Matches(press, p.Keys.NextItem):
		p.cursor = max(min(p.cursor+1, len(p.shown)-1), 0)
		return nil
	case key.Matches(press, p.Keys.Cancel):
		return screen.Back
	case key.Matches(press, p.Keys.Choose):
		return p.chosen()
	}
	p.typed(press)
	return nil
}

func (p *Pick) chosen() screen.Request {
	switch {
	case p.cursor < len(p.shown):
		return screen.Chosen{Topic: p.Topic, Value: p.shown[p.cursor]}
	case p.Free && p.typedText() != "":
		return screen.Chosen{Topic: p.Topic, Value: p.typedText()}
	}
	return nil
}

func (p *Pick) typedText() string { return strings.TrimSpace(p.filter.Value()) }

func (p *Pick) typed(msg tea.Msg) {
	p.filter, _ = p.filter.Update(msg) // its cursor does not blink
	p.cursor = 0
	p.arrange()
}

func (p *Pick) arrange() {
	p.shown = nil
	for _, item := range p.Items {
		if strings.Contains(strings.ToLower(item), strings.ToLower(p.typedText())) {
			p.shown = append(p.shown, item)
		}
	}
	p.cursor = max(min(p.cursor, len(p.shown)-1), 0)
}

// inner is the width inside the box.
func (p *Pick) inner() int { return max(min(p.width-6, 60), 1) }

// View draws the box.
func (p *Pick) View() string {
	width := p.inner()
	lines := []string{p.Bold.Render(p.Fit(p.Params.Title, width)), p.filter.View()}
	room := max(p.height-2-len(lines)-2, 1)
	first := max(p.cursor-room+1, 0)
	for i := first; i < min(first+room, len(p.shown)); i++ {
		text := p.Fit("  "+p.Clean(p.shown[i]), width)
		if i == p.cursor {
			text = p.Selected.Render(p.Fit(p.Cursor+" "+p.Clean(p.shown[i]), width))
		}
		lines = append(lines, text)
	}
	lines = append(lines, p.remark(width)...)
	return p.Box.Render(strings.Join(lines, "\n"))
}

// remark is why nothing, or not everything, is offered.
func (p *Pick) remark(width int) []string {
	var text string
	switch {
	case p.loading:
		text = "Looking" + p.Ellipsis
	case p.err != nil:
		text, _ = p.Explain(p.err)
		text = "Cannot offer any: " + text
	case len(p.shown) == 0 && p.Free && p.typedText() != "":
		text = fmt.Sprintf("enter takes %q.", p.typedText())
	case len(p.shown) == 0:
		text = "Nothing matches."
	default:
		return nil
	}
	var lines []string
	for _, line := range theme.Wrap(p.Clean(text), width) {
		lines = append(lines, p.Muted.Render(line))
	}
	return lines
}
