package main

import (
	"fmt"
	"html"
	"strings"
)

// The measures of the picture, in pixels.
const (
	columnWidth = 8.4 // of a 14 px monospaced font
	lineHeight  = 20
	margin      = 16
	titleHeight = 32
)

// The colours of the window itself.
const (
	ground = "#1e1e2e"
	ink    = "#cdd6f4"
)

// window is a terminal of a size with something drawn in it.
func window(title string, columns, lines int, content string) string {
	width := int(float64(columns)*columnWidth) + 2*margin
	height := titleHeight + lines*lineHeight + margin
	title = html.EscapeString(title)
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n", width, height, width, height, title)
	s.WriteString(`<rect width="100%" height="100%" rx="8" fill="` + ground + `"/>` + "\n")
	for i, colour := range []string{"#f38ba8", "#f9e2af", "#a6e3a1"} {
		fmt.Fprintf(&s, `<circle cx="%d" cy="16" r="5" fill="%s"/>`+"\n", margin+5+i*18, colour)
	}
	fmt.Fprintf(&s, `<text x="50%%" y="21" fill="#9399b2" font-family="sans-serif" font-size="13" text-anchor="middle">%s</text>`+"\n", title)
	s.WriteString(`<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="` + ink + `" xml:space="preserve" style="white-space:pre">` + "\n")
	return s.String() + content + "</g>\n</svg>\n"
}

// baseline is where the text of a line stands.
func baseline(line int) int { return titleHeight + (line+1)*lineHeight - 4 }
