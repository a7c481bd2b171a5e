package theme

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

// Clean makes text from elsewhere safe, as printable.Text does; where only ASCII
// can be shown, it is that.
func (t *Theme) Clean(s string) string {
	s = printable.Text(s)
	if !t.ASCII {
		return s
	}
	return strings.Map(ascii, s)
}

func ascii(r rune) rune {
	switch {
	case r == unicode.ReplacementChar:
		return -1
	case r > unicode.MaxASCII:
		return '?'
	}
	return r
}

// Cut shortens a text to a width, with a sign that something is missing.
func (t *Theme) Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, t.Ellipsis)
}

// Fit cuts or pads a text to exactly a width.
func (t *Theme) Fit(s string, width int) string {
	if width <= 0 {
		return ""
	}
	have := ansi.StringWidth(s)
	if have > width {
		s = t.Cut(s, width)
		have = ansi.StringWidth(s) // a wide letter may have left a column free
	}
	return s + strings.Repeat(" ", max(width-have, 0))
}

// Wrap breaks a text into lines of a width, at spaces where there are any.
func Wrap(s string, width int) []string {
	if width <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, width, ""), "\n")
}
