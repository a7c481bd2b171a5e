package main

import (
	"bufio"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The measures of the picture, in pixels.
const (
	columnWidth = 8.4 // of a 14 px monospaced font
	lineHeight  = 20
	margin      = 16
	titleHeight = 32
)

func main() {
	title := flag.String("title", "", "title of the window")
	width := flag.Int("columns", 110, "columns; longer lines are cut")
	flag.Parse()
	if err := draw(os.Stdin, os.Stdout, *title, *width); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func draw(in io.Reader, out io.Writer, title string, columns int) error {
	lines, err := read(in, columns)
	if err != nil {
		return err
	}
	width := int(float64(columns)*columnWidth) + 2*margin
	height := titleHeight + len(lines)*lineHeight + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n", width, height, width, height, html.EscapeString(title))
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1e1e2e"/>` + "\n")
	for i, colour := range []string{"#f38ba8", "#f9e2af", "#a6e3a1"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="16" r="5" fill="%s"/>`+"\n", margin+5+i*18, colour)
	}
	fmt.Fprintf(&b, `<text x="50%%" y="21" fill="#9399b2" font-family="sans-serif" font-size="13" text-anchor="middle">%s</text>`+"\n", html.EscapeString(title))
	b.WriteString(`<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="#cdd6f4" xml:space="preserve" style="white-space:pre">` + "\n")
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d"%s>%s</text>`+"\n", margin, titleHeight+(i+1)*lineHeight-4, style(line), html.EscapeString(line))
	}
	b.WriteString("</g>\n</svg>\n")
	_, err = io.WriteString(out, b.String())
	return err
}

// read returns the lines without escape sequences, cut to the given width.
func read(in io.Reader, columns int) ([]string, error) {
	var lines []string
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		line := strings.TrimRight(ansi.Strip(scanner.Text()), " \r")
		lines = append(lines, ansi.Truncate(strings.ReplaceAll(line, "\t", "        "), columns, "…"))
	}
	return lines, scanner.Err()
}

// style brings out commands and outcomes.
func style(line string) string {
	switch trimmed := strings.TrimSpace(line); {
	case strings.HasPrefix(trimmed, "$ "):
		return ` font-weight="bold" fill="#89dceb"`
	case strings.Contains(line, "..."):
		return ` fill="#7f849c"`
	case strings.HasSuffix(trimmed, "Ready") || strings.HasSuffix(trimmed, "holds"):
		return ` fill="#a6e3a1"`
	}
	return ""
}
