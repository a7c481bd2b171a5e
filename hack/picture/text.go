package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// drawText draws lines of text, with the colours that our own command line uses.
func drawText(in io.Reader, out io.Writer, title string, columns int) error {
	lines, err := read(in, columns)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d"%s>%s</text>`+"\n", margin, baseline(i), style(line), html.EscapeString(line))
	}
	_, err = io.WriteString(out, window(title, columns, len(lines), b.String()))
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
