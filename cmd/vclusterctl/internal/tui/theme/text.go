package theme

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes text from elsewhere safe: a message or a line of a log can hold
// anything, and what moves the cursor or rewrites the screen must not reach
// the terminal. Line breaks and tabs become spaces.
func (t *Theme) Clean(s string) string {
	if t.isClean(s) {
		return s
	}
	return strings.Map(t.safe, ansi.Strip(s))
}

// isClean spares most texts the copy.
func (t *Theme) isClean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func (t *Theme) safe(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return ' '
	case unicode.IsControl(r), isDirection(r), r == unicode.ReplacementChar && t.ASCII:
		return -1
	case t.ASCII && r > unicode.MaxASCII:
		return '?'
	}
	return r
}

// isDirection finds the signs that turn the direction of writing around: with
// them, a text can look like another one.
func isDirection(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
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
