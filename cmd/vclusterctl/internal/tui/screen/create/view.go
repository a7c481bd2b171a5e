package create

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/yaml"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// The measures of the form.
const (
	labelWidth = 11
	formWidth  = 42
	yamlLeast  = 24
)

// SetSize makes room.
func (c *Create) SetSize(width, height int) {
	c.width, c.height = width, height
	for _, f := range c.fields {
		f.text.SetWidth(max(min(formWidth, width)-labelWidth-5, 1))
	}
}

// View draws the form and, where there is room, what would be applied.
func (c *Create) View() string {
	width := c.width
	beside := c.width >= formWidth+yamlLeast
	if beside {
		width = formWidth
	}
	left := c.form(width)
	var right []string
	if beside {
		right = append([]string{c.Muted.Render("This is applied:")}, yaml.Lines(c.Theme, c.yaml)...)
	}
	lines := make([]string, max(c.height, 0))
	for i := range lines {
		line := ""
		if i < len(left) {
			line = left[i]
		}
		if i < len(right) {
			line = c.Fit(line, formWidth) + " " + c.Cut(right[i], c.width-formWidth-1)
		}
		lines[i] = c.Cut(line, c.width)
	}
	return strings.Join(lines, "\n")
}

// form are its lines. If they do not fit, those around the focus are shown.
func (c *Create) form(width int) []string {
	lines, focused := []string{""}, 0
	for i, f := range c.fields {
		if i == c.focus {
			focused = len(lines)
		}
		lines = append(lines, c.line(f, i == c.focus))
		if f.problem == "" {
			continue
		}
		for _, line := range theme.Wrap(c.Clean(f.problem), width-labelWidth-4) {
			lines = append(lines, strings.Repeat(" ", labelWidth+4)+c.Bad.Render(line))
		}
	}
	if c.focus == len(c.fields) {
		focused = len(lines) + 1
	}
	lines = append(lines, "", c.button())
	below := c.below(width)
	room := max(c.height-len(below), 1)
	first := max(min(focused-room/2, len(lines)-room), 0)
	lines = lines[first:min(first+room, len(lines))]
	for len(lines) < room {
		lines = append(lines, "")
	}
	return append(lines, below...)
}

func (c *Create) line(f *Field, focused bool) string {
	marker, label := "  ", f.Label
	style := lipgloss.NewStyle()
	if focused {
		marker, style = c.Cursor+" ", c.Bold
	}
	begin := marker + style.Render(c.Fit(label, labelWidth)) + "  "
	if f.Choices == nil {
		if !focused {
			return begin + c.Clean(f.text.Value())
		}
		return begin + f.text.View()
	}
	value := f.Shown()
	if focused {
		return begin + c.Key.Render("< ") + c.Selected.Render(value) + c.Key.Render(" >")
	}
	return begin + value
}

func (c *Create) button() string {
	text := " Create "
	if c.busy() {
		text = " Creating" + c.Ellipsis + " "
	}
	if c.focus == len(c.fields) {
		return "  " + c.Selected.Render(c.Arrow+text)
	}
	return "  [" + text + "]"
}

// below is help for the field that has the focus, and how all of it stands.
func (c *Create) below(width int) []string {
	var lines []string
	if c.focus < len(c.fields) {
		for _, line := range theme.Wrap(c.fields[c.focus].Help, width-3) {
			lines = append(lines, "  "+c.Muted.Render(line))
		}
	}
	style, text := c.Muted, ""
	switch c.state {
	case checking:
		text = "The API server looks at it" + c.Ellipsis
	case fine:
		style, text = c.Good, "The API server would take it."
	case wrong:
		style, text = c.Bad, "This is not right yet."
	case unchecked, confirming, creating:
	}
	if c.remark != "" {
		style, text = c.Bad, c.remark
	}
	for _, line := range theme.Wrap(c.Clean(text), width-3) {
		lines = append(lines, "  "+style.Render(line))
	}
	return lines
}
