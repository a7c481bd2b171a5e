package printable

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Text is a text without escape sequences, control characters and signs that turn
// the direction of writing around. Line breaks and tabs become spaces.
func Text(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Map(safe, ansi.Strip(s))
}

// Line is Text with one space where there are several, and none at its ends.
func Line(s string) string { return strings.Join(strings.Fields(Text(s)), " ") }

// isPlain spares most texts the copy.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func safe(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return ' '
	case unicode.IsControl(r), isDirection(r):
		return -1
	}
	return r
}

// isDirection finds the signs that turn the direction of writing around: with
// them, a text can look like another one.
func isDirection(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}
