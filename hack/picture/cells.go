package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// palette are the 16 colours of the terminal.
var palette = [16]string{
	"#45475a", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#bac2de",
	"#7f849c", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#a6adc8",
}

// look is how a cell is drawn.
type look struct {
	ink, ground                    string
	bold, faint, italic, underline bool
}

func lookOf(s uv.Style) look {
	l := look{
		ink: hex(s.Fg, ink), ground: hex(s.Bg, ground), underline: s.Underline != 0,
		bold: s.Attrs&uv.AttrBold != 0, faint: s.Attrs&uv.AttrFaint != 0, italic: s.Attrs&uv.AttrItalic != 0,
	}
	if s.Attrs&uv.AttrReverse != 0 {
		l.ink, l.ground = l.ground, l.ink
	}
	return l
}

func hex(c color.Color, otherwise string) string {
	switch c := c.(type) {
	case nil:
		return otherwise
	case ansi.BasicColor:
		return palette[c%16]
	case ansi.IndexedColor:
		if c < 16 {
			return palette[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// attributes are the look of a text.
func (l look) attributes() string {
	var s strings.Builder
	for _, a := range []struct {
		on   bool
		text string
	}{
		{l.ink != ink, ` fill="` + l.ink + `"`},
		{l.bold, ` font-weight="bold"`},
		{l.faint, ` opacity="0.6"`},
		{l.italic, ` font-style="italic"`},
		{l.underline, ` text-decoration="underline"`},
	} {
		if a.on {
			s.WriteString(a.text)
		}
	}
	return s.String()
}

// drawCells draws a screen.
func drawCells(lines [][]uv.Cell, title string) string {
	var b strings.Builder
	columns := 0
	for y, cells := range lines {
		columns = max(columns, len(cells))
		for begin := 0; begin < len(cells); {
			end := begin + 1
			for end < len(cells) && (cells[end].Width == 0 || lookOf(cells[end].Style) == lookOf(cells[begin].Style)) {
				end++
			}
			drawRun(&b, cells[begin:end], begin, y)
			begin = end
		}
	}
	return window(title, columns, len(lines), b.String())
}

// drawRun draws cells of one look. They are as wide as the columns they take,
// whatever font is there.
func drawRun(b *strings.Builder, cells []uv.Cell, x, y int) {
	l := lookOf(cells[0].Style)
	left, width := margin+float64(x)*columnWidth, float64(len(cells))*columnWidth
	if l.ground != ground {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", left, baseline(y)-15, width, lineHeight, l.ground)
	}
	var content strings.Builder
	for _, c := range cells {
		content.WriteString(c.Content)
	}
	text := content.String()
	if strings.TrimSpace(text) == "" {
		return
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs"%s>%s</text>`+"\n",
		left, baseline(y), width, l.attributes(), html.EscapeString(text))
}
