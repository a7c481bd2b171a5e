package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// View draws everything.
func (m *Model) View() tea.View {
	v := tea.NewView(m.content())
	v.AltScreen = true
	return v
}

func (m *Model) content() string {
	if m.width == 0 || m.height == 0 {
		return ""
	}
	if m.width < minWidth || m.height < minHeight {
		return m.tooSmall()
	}
	return strings.Join([]string{m.head(), m.body(), m.foot()}, "\n")
}

func (m *Model) tooSmall() string {
	text := fmt.Sprintf("This terminal has %dx%d, at least %dx%d are needed.", m.width, m.height, minWidth, minHeight)
	lines := theme.Wrap(text, m.width)
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

// body is the visible screen: a box stands over the screen below it.
func (m *Model) body() string {
	base := m.base()
	if top := m.top(); top != base {
		return m.over(base.View(), top.View())
	}
	return base.View()
}

// base is the uppermost screen that is not a box.
func (m *Model) base() screen.Screen {
	for _, s := range slices.Backward(m.stack) {
		if _, isDialog := s.(screen.Dialog); !isDialog {
			return s
		}
	}
	return m.list
}

// over draws a box in the middle.
func (m *Model) over(base, box string) string {
	height := m.height - frame
	x, y := max((m.width-lipgloss.Width(box))/2, 0), max((height-lipgloss.Height(box))/2, 0)
	drawn := lipgloss.NewCanvas(m.width, height).Compose(lipgloss.NewCompositor(
		lipgloss.NewLayer(base), lipgloss.NewLayer(box).X(x).Y(y).Z(1),
	))
	return drawn.Render()
}

// head says what is looked at, where, and how current it is.
func (m *Model) head() string {
	place := "all namespaces"
	if ns := m.list.Namespace(); ns != "" {
		place = "namespace " + ns
	}
	left := " vclusterctl " + m.Arrow + " " + m.Clean(m.base().Title())
	right := m.connection()
	middle := "   " + place + " " + m.Dot + " " + m.count()
	if m.Session.Context != "" {
		middle += " " + m.Dot + " " + m.Clean(m.Session.Context)
	}
	room := m.width - ansi.StringWidth(right) - 1
	left = m.Cut(left, room)
	middle = m.Fit(middle, room-ansi.StringWidth(left))
	return m.Title.Render(left) + m.Muted.Render(middle) + " " + m.ofState(right)
}

func (m *Model) count() string {
	all, shown := m.list.Counts()
	if all == shown {
		return fmt.Sprint(all)
	}
	return fmt.Sprintf("%d of %d", shown, all)
}

// connection says how current everything is.
func (m *Model) connection() string {
	s := m.status()
	switch s.State {
	case source.Live:
		return m.Ready + " live "
	case source.Lost:
		left := s.RetryAt.Sub(m.Now())
		if left <= 0 {
			return m.Failed + " not connected, trying "
		}
		return fmt.Sprintf("%s not connected, again in %s ", m.Failed, duration.HumanDuration(left.Round(time.Second)))
	case source.Loading:
	}
	return m.Booting + " loading "
}

func (m *Model) ofState(text string) string {
	switch m.status().State {
	case source.Live:
		return m.Good.Render(text)
	case source.Lost:
		return m.Bad.Render(text)
	case source.Loading:
	}
	return m.Busy.Render(text)
}

// foot are the most useful keys, or what there is to tell.
func (m *Model) foot() string {
	if m.told.Text != "" && m.Now().Before(m.toldUntil) {
		style := m.Good
		if m.told.Bad {
			style = m.Bad
		}
		return style.Render(m.Fit(" "+m.Clean(m.told.Text), m.width))
	}
	return m.keysLine(m.top().Help())
}

func (m *Model) keysLine(bindings []key.Binding) string {
	line, used := " ", 1
	for _, b := range bindings {
		h := b.Help()
		h.Key, _, _ = strings.Cut(h.Key[:1]+strings.Replace(h.Key[1:], "/", " ", 1), " ") // one of several is enough
		does, _, _ := strings.Cut(h.Desc, ",")
		does, _, _ = strings.Cut(does, ":")
		width := ansi.StringWidth(h.Key) + 1 + ansi.StringWidth(does) + 2
		if used+width > m.width {
			break
		}
		used += width
		line += m.Key.Render(h.Key) + " " + m.Muted.Render(does) + "  "
	}
	return line
}
