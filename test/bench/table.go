package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// row is one figure: ours, beside the bare one where there is such, and what it
// is meant to be.
type row struct {
	name       string
	unit       unit
	ours, bare series
	// target is in words, for the reader.
	target string
}

// section is a group of rows under one heading.
type section struct {
	title string
	rows  []row
}

var heading = []string{"figure", "virtual cluster", "bare", "ratio", "target"}

// render writes all sections as one Markdown table.
func render(sections []section) string {
	lines := [][]string{heading}
	for _, s := range sections {
		if len(s.rows) == 0 {
			continue
		}
		lines = append(lines, []string{"**" + s.title + "**", "", "", "", ""})
		for _, r := range s.rows {
			lines = append(lines, r.cells())
		}
	}
	return align(lines)
}

func (r row) cells() []string {
	ratio := ""
	if len(r.ours) > 0 && len(r.bare) > 0 && r.bare.median() > 0 {
		ratio = fmt.Sprintf("%.2f", r.ours.median()/r.bare.median())
	}
	bare := ""
	if len(r.bare) > 0 {
		bare = r.bare.text(r.unit)
	}
	return []string{r.name, r.ours.text(r.unit), bare, ratio, r.target}
}

// align pads the cells so that the table can be read as it is.
func align(lines [][]string) string {
	widths := make([]int, len(heading))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("|" + strings.Repeat("-", width+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}
