package theme

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
)

// Theme is how everything looks. Only the 16 colours of the terminal itself are
// used: whoever chose them can read them.
type Theme struct {
	Glyphs

	// Color is false where only bold, faint and reverse may be used.
	Color bool
	// ASCII is true where nothing else is shown.
	ASCII bool

	Title, Muted, Bold, Key, Selected, Match lipgloss.Style
	Good, Busy, Bad, Calm                    lipgloss.Style
	Box                                      lipgloss.Style
}

// Glyphs are the signs that differ between Unicode and ASCII. All but the bars
// of a frame are one column wide.
type Glyphs struct {
	Ready, Booting, Failed, Trouble, Paused, Deleting, Unknown string
	Full, Empty, Ellipsis, Cursor, Up, Down, Rule, Dot, Arrow  string
}

var unicodeGlyphs = Glyphs{
	Ready: "●", Booting: "◐", Failed: "✗", Trouble: "!", Paused: "‖", Deleting: "◌", Unknown: "?",
	Full: "█", Empty: "░", Ellipsis: "…", Cursor: "▌", Up: "↑", Down: "↓", Rule: "─", Dot: "·", Arrow: "›",
}

var asciiGlyphs = Glyphs{
	Ready: "*", Booting: "o", Failed: "x", Trouble: "!", Paused: "=", Deleting: "-", Unknown: "?",
	Full: "#", Empty: ".", Ellipsis: "~", Cursor: ">", Up: "^", Down: "v", Rule: "-", Dot: "|", Arrow: ">",
}

// New is the theme for a terminal.
func New(colors, ascii bool) *Theme {
	t := &Theme{Glyphs: unicodeGlyphs, Color: colors, ASCII: ascii}
	border := lipgloss.RoundedBorder()
	if ascii {
		t.Glyphs, border = asciiGlyphs, lipgloss.ASCIIBorder()
	}
	plain := lipgloss.NewStyle()
	t.Title, t.Bold, t.Muted = plain.Bold(true), plain.Bold(true), plain.Faint(true)
	t.Key = plain.Bold(true)
	t.Selected, t.Match = plain.Reverse(true), plain.Reverse(true)
	t.Good, t.Busy, t.Bad, t.Calm = plain, plain, plain.Bold(true), plain
	t.Box = plain.Border(border).Padding(0, 1)
	if colors {
		t.paint()
	}
	return t
}

func (t *Theme) paint() {
	in := func(s lipgloss.Style, c color.Color) lipgloss.Style { return s.Foreground(c) }
	t.Title, t.Key = in(t.Title, lipgloss.Cyan), in(t.Key, lipgloss.Cyan)
	t.Muted = lipgloss.NewStyle().Foreground(lipgloss.BrightBlack)
	t.Good, t.Busy = in(t.Good, lipgloss.Green), in(t.Busy, lipgloss.Yellow)
	t.Bad, t.Calm = in(t.Bad, lipgloss.Red), in(t.Calm, lipgloss.Blue)
	t.Match = lipgloss.NewStyle().Foreground(lipgloss.Black).Background(lipgloss.Yellow)
	t.Box = t.Box.BorderForeground(lipgloss.Cyan)
}

// Bar is a progress bar of some width.
func (t *Theme) Bar(part, whole, width int) string {
	full := 0
	if whole > 0 {
		full = min(max(part, 0)*width/whole, width)
	}
	return strings.Repeat(t.Full, full) + strings.Repeat(t.Empty, width-full)
}
