package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// row is one figure: ours, beside the bare one where there is such, and what it
// is meant to be.
type row struct {
	name       string
	unit       unit
	ours, bare series
	target     target
}

// target is what a figure is meant to be: of one without words nothing is
// expected.
type target struct {
	words string
	// most is the largest value that is good enough: of the ratio, or of ours
	// in the row's unit.
	most  float64
	ratio bool
}

func ratioUpTo(most float64) target {
	return target{words: fmt.Sprintf("≤ %.1f", most), most: most, ratio: true}
}

// The other targets.
var (
	zero   = target{words: "0"}
	slight = target{words: "≤ 150 MiB", most: 150}
)

// section is a group of rows under one heading.
type section struct {
	title string
	// column heads the first column of a table of its own; without it the rows
	// are part of the one table.
	column string
	rows   []row
}

// heads of the columns after the first.
var heads = []string{"virtual cluster", "bare", "ratio", "target"}

// render writes all sections as Markdown: one table, and those of their own.
func render(sections []section) string {
	lines := [][]string{append([]string{"figure"}, heads...)}
	var apart strings.Builder
	for _, s := range sections {
		if len(s.rows) == 0 {
			continue
		}
		if s.column != "" {
			fmt.Fprintf(&apart, "\n### %s\n\n%s", s.title, s.table())
			continue
		}
		lines = append(lines, []string{"**" + s.title + "**", "", "", "", ""})
		for _, r := range s.rows {
			lines = append(lines, r.cells())
		}
	}
	return align(lines) + apart.String()
}

// table is a section for itself, whose figures have no targets.
func (s section) table() string {
	lines := [][]string{append([]string{s.column}, heads[:3]...)}
	for _, r := range s.rows {
		lines = append(lines, r.cells()[:4])
	}
	return align(lines)
}

func (r row) cells() []string {
	ratio, bare := "", ""
	if len(r.bare) > 0 {
		bare = r.bare.text(r.unit)
	}
	if value, ok := r.ratio(); ok {
		ratio = fmt.Sprintf("%.2f", value)
	}
	return []string{r.name, r.ours.text(r.unit), bare, ratio, r.verdict()}
}

// ratio is as exact as it is shown.
func (r row) ratio() (float64, bool) {
	if len(r.ours) == 0 || len(r.bare) == 0 || r.bare.median() <= 0 {
		return 0, false
	}
	return math.Round(100*r.ours.median()/r.bare.median()) / 100, true
}

// verdict names the target, and says so where it was missed.
func (r row) verdict() string {
	value, known := r.ratio()
	if !r.target.ratio && len(r.ours) > 0 {
		value, known = r.ours.median()/r.unit.divisor, true
	}
	if r.target.words != "" && known && value > r.target.most {
		return r.target.words + ", **missed**"
	}
	return r.target.words
}

// align pads the cells so that the table can be read as it is.
func align(lines [][]string) string {
	widths := make([]int, len(lines[0]))
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
