package pane

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// Pane is a text and the part of it that is visible.
type Pane struct {
	theme *theme.Theme
	keys  *keys.Map

	// Limit is how many lines are kept, 0 for all.
	Limit int

	width, height int
	lines         []string
	wrap, follow  bool
	// at is the first visible line, left how many columns of it are hidden.
	at   position
	left int

	prompt textinput.Model
	query  string
	// found is the line of the match last gone to, or -1; matching is how many
	// lines match.
	found, matching int
}

// position is a line, and a row of it where it is wrapped.
type position struct{ line, row int }

func (p position) before(q position) bool {
	return p.line < q.line || p.line == q.line && p.row < q.row
}

// New is an empty pane.
func New(t *theme.Theme, k *keys.Map) *Pane {
	return &Pane{theme: t, keys: k, prompt: input.New(t, "/"), found: -1}
}

// SetSize makes room.
func (p *Pane) SetSize(width, height int) {
	p.width, p.height = max(width, 0), max(height, 0)
	p.prompt.SetWidth(max(width-3, 1))
	p.at.row = 0
	p.clamp()
}

// SetLines replaces the text and stays where it was.
func (p *Pane) SetLines(lines []string) {
	p.lines = lines
	p.matching = p.countIn(lines)
	p.clamp()
}

// Append adds to the end of the text, and forgets the beginning of one that is
// too long.
func (p *Pane) Append(lines ...string) {
	p.lines = append(p.lines, lines...)
	p.matching += p.countIn(lines)
	if over := len(p.lines) - p.Limit; p.Limit > 0 && over > 0 {
		p.matching -= p.countIn(p.lines[:over])
		p.lines = append([]string(nil), p.lines[over:]...)
		p.at.line = max(p.at.line-over, 0)
		p.found = max(p.found-over, -1)
	}
	p.clamp()
}

// Clear takes the whole text away.
func (p *Pane) Clear() {
	p.lines, p.at, p.left, p.found, p.matching = nil, position{}, 0, -1, 0
}

// Len is how many lines there are.
func (p *Pane) Len() int { return len(p.lines) }

// Wrapped and Following say how the pane behaves.
func (p *Pane) Wrapped() bool { return p.wrap }

// Following says whether the end stays visible.
func (p *Pane) Following() bool { return p.follow }

// SetWrap breaks long lines, or cuts them.
func (p *Pane) SetWrap(on bool) {
	p.wrap, p.left, p.at.row = on, 0, 0
	p.clamp()
}

// SetFollow keeps the end visible, or holds still.
func (p *Pane) SetFollow(on bool) {
	p.follow = on
	p.clamp()
}

// Typing says whether keys are text for the search.
func (p *Pane) Typing() bool { return p.prompt.Focused() }

// Searching says what is searched for, empty for nothing.
func (p *Pane) Searching() string { return p.query }

// Update moves, or types into the search. It says whether the message was for
// it.
func (p *Pane) Update(msg tea.Msg) bool {
	if p.Typing() {
		return p.typed(msg)
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return false
	}
	return p.move(press) || p.look(press)
}

func (p *Pane) move(press tea.KeyPressMsg) bool {
	switch k := p.keys; {
	case key.Matches(press, k.Up):
		p.scroll(-1)
	case key.Matches(press, k.Down):
		p.scroll(1)
	case key.Matches(press, k.PageUp):
		p.scroll(-max(p.textHeight()-1, 1))
	case key.Matches(press, k.PageDown):
		p.scroll(max(p.textHeight()-1, 1))
	case key.Matches(press, k.Top):
		p.follow, p.at = false, position{}
	case key.Matches(press, k.Bottom):
		p.at = p.bottom()
	case key.Matches(press, k.Left):
		p.left = max(p.left-8, 0)
	case key.Matches(press, k.Right):
		p.right()
	default:
		return false
	}
	return true
}

func (p *Pane) look(press tea.KeyPressMsg) bool {
	switch k := p.keys; {
	case key.Matches(press, k.Wrap):
		p.SetWrap(!p.wrap)
	case key.Matches(press, k.Search):
		p.prompt.SetValue(p.query)
		p.prompt.CursorEnd()
		p.prompt.Focus()
	case p.query != "" && key.Matches(press, k.Next):
		p.find(p.from(), 1)
	case p.query != "" && key.Matches(press, k.Previous):
		p.find(p.from(), -1)
	default:
		return false
	}
	return true
}

// right stops where the longest visible line ends.
func (p *Pane) right() {
	longest := 0
	for _, line := range p.lines[min(p.at.line, len(p.lines)):min(p.at.line+p.height, len(p.lines))] {
		longest = max(longest, ansi.StringWidth(line))
	}
	if !p.wrap && p.left+p.width < longest {
		p.left += 8
	}
}

// textHeight leaves a line to the search.
func (p *Pane) textHeight() int {
	if p.Typing() || p.query != "" {
		return max(p.height-1, 0)
	}
	return p.height
}

// View draws exactly the pane's height.
func (p *Pane) View() string {
	rows := make([]string, 0, p.height)
	for at := p.at; at.line < len(p.lines) && len(rows) < p.textHeight(); at = (position{at.line + 1, 0}) {
		wrapped := p.rows(at.line)
		for _, row := range wrapped[min(at.row, len(wrapped)):] {
			if len(rows) < p.textHeight() {
				rows = append(rows, row)
			}
		}
	}
	for len(rows) < p.textHeight() {
		rows = append(rows, "")
	}
	if p.textHeight() < p.height {
		rows = append(rows, p.searchLine())
	}
	return strings.Join(rows, "\n")
}

// rows are what one line looks like.
func (p *Pane) rows(i int) []string {
	line := p.highlight(p.lines[i])
	if p.wrap {
		return p.wrapped(line)
	}
	if p.left > 0 {
		line = ansi.TruncateLeft(line, p.left, "")
	}
	return []string{p.theme.Cut(line, p.width)}
}

func (p *Pane) wrapped(line string) []string {
	if p.width <= 0 || ansi.StringWidth(line) <= p.width {
		return []string{line}
	}
	return strings.Split(lipgloss.Wrap(line, p.width, ""), "\n")
}

// count is how many rows a line takes.
func (p *Pane) count(i int) int {
	if !p.wrap {
		return 1
	}
	return len(p.wrapped(p.lines[i]))
}
