package list

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// footer is how many lines below the table tell of the row under the cursor.
const footer = 2

// room is how many rows fit.
func (l *List) room() int { return max(l.height-1-footer, 0) }

// View draws the table, or why there is none.
func (l *List) View() string {
	var lines []string
	if len(l.shown) > 0 {
		lines = l.table()
	} else {
		lines = l.nothing()
	}
	lines = append(lines, make([]string, max(l.height-footer-len(lines), 0))...)
	lines = append(lines[:max(l.height-footer, 0)], l.below()...)
	return strings.Join(lines[:min(len(lines), l.height)], "\n")
}

func (l *List) table() []string {
	now := l.Now()
	layout := columns(l.width, l.need, l.namespace == "", l.order)
	lines := make([]string, 0, l.height)
	lines = append(lines, l.heads(layout))
	for i := l.top; i < min(l.top+l.room(), len(l.shown)); i++ {
		lines = append(lines, l.line(layout, &l.shown[i].Row, i == l.cursor, now))
	}
	return lines
}

func (l *List) heads(layout []column) string {
	var line strings.Builder
	line.WriteString(strings.Repeat(" ", markerWidth))
	for _, c := range layout {
		if c.width == 0 {
			continue
		}
		title := c.title
		if c.order == l.order {
			title += " " + l.direction()
		}
		line.WriteString(l.Fit(title, c.width) + " ")
	}
	return l.Bold.Render(l.Fit(strings.TrimSuffix(line.String(), " "), l.width))
}

func (l *List) direction() string {
	if l.reverse {
		return l.Down
	}
	return l.Up
}

// line draws one row. That under the cursor is all of one style, so that it
// reads well in any colours. What may be out of date is faint.
func (l *List) line(layout []column, r *row.Row, selected bool, now time.Time) string {
	style, statusStyle := lipgloss.NewStyle(), l.ofState(r.State)
	switch {
	case selected:
		style, statusStyle = l.Theme.Selected, l.Theme.Selected
	case l.status.State == source.Lost:
		style, statusStyle = l.Muted, l.Muted
	}
	before, status, after := strings.Repeat(" ", markerWidth), "", ""
	if selected {
		before = l.Fit(l.Cursor, markerWidth)
	}
	for _, c := range layout {
		switch {
		case c.width == 0:
		case c.cell == nil:
			status = l.Fit(l.statusText(r, c.width), c.width)
		case status == "":
			before += l.Fit(c.cell(r, now), c.width) + " "
		default:
			after += " " + l.Fit(c.cell(r, now), c.width)
		}
	}
	if used(layout) > l.width {
		return l.Cut(before+status, l.width)
	}
	rest := l.width - used(layout)
	return style.Render(before) + statusStyle.Render(status) + style.Render(after+strings.Repeat(" ", rest))
}

func (l *List) statusText(r *row.Row, width int) string {
	text := l.glyph(r.State) + " "
	if hasBar(r) {
		bar := wideBar
		if width < statusBar {
			bar = narrowBar
		}
		text += l.Bar(r.Passed, r.Steps, bar) + " "
	}
	return text + r.Status
}

func (l *List) glyph(s row.State) string {
	switch s {
	case row.Ready:
		return l.Ready
	case row.Booting:
		return l.Booting
	case row.Failed:
		return l.Failed
	case row.Trouble:
		return l.Trouble
	case row.Paused:
		return l.Paused
	case row.Deleting:
		return l.Deleting
	}
	return l.Unknown
}

func (l *List) ofState(s row.State) lipgloss.Style {
	switch s {
	case row.Ready:
		return l.Good
	case row.Booting:
		return l.Busy
	case row.Failed, row.Trouble:
		return l.Bad
	case row.Paused:
		return l.Calm
	case row.Deleting:
		return l.Muted
	}
	return lipgloss.NewStyle()
}
