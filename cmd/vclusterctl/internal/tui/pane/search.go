package pane

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// typed is what happens while a search is written. It searches as it is
// written, from what is visible on.
func (p *Pane) typed(msg tea.Msg) bool {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case isKey && key.Matches(press, p.keys.Choose):
		p.prompt.Blur()
		p.clamp()
		return true
	case isKey && key.Matches(press, p.keys.Cancel):
		p.StopSearch()
		return true
	}
	if _, isPaste := msg.(tea.PasteMsg); !isKey && !isPaste {
		return false
	}
	p.prompt, _ = p.prompt.Update(msg) // its cursor does not blink
	if p.query != p.prompt.Value() {
		p.query = p.prompt.Value()
		p.matching = p.countIn(p.lines)
		p.find(p.at.line-1, 1)
	}
	return true
}

// StopSearch forgets what was searched for. It says whether there was a
// search.
func (p *Pane) StopSearch() bool {
	was := p.Typing() || p.query != ""
	p.prompt.Blur()
	p.prompt.SetValue("")
	p.query, p.found, p.matching = "", -1, 0
	p.clamp()
	return was
}

// from is the line that the next match is looked for from.
func (p *Pane) from() int {
	if p.found >= 0 {
		return p.found
	}
	return p.at.line - 1
}

// find goes to the next line with a match in a direction, around the end.
func (p *Pane) find(from, direction int) {
	n := len(p.lines)
	if p.query == "" || n == 0 {
		p.found = -1
		return
	}
	for step := 1; step <= n; step++ {
		i := ((from+direction*step)%n + n) % n
		if p.matches(p.lines[i]) {
			p.show(i)
			return
		}
	}
	p.found = -1
}

// show brings a line into view, in the middle unless it is visible already.
func (p *Pane) show(i int) {
	p.found, p.follow = i, false
	if i >= p.at.line && i < p.at.line+p.textHeight() && !p.wrap {
		return
	}
	p.at = position{max(i-p.textHeight()/2, 0), 0}
	if p.wrap {
		p.at = position{i, 0}
	}
	p.clamp()
}

func (p *Pane) matches(line string) bool {
	return strings.Contains(fold(plain(line)), fold(p.query))
}

func (p *Pane) countIn(lines []string) (n int) {
	if p.query == "" {
		return 0
	}
	for _, line := range lines {
		if p.matches(line) {
			n++
		}
	}
	return n
}

// plain spares lines without styles the work.
func plain(s string) string {
	if strings.IndexByte(s, 0x1b) < 0 {
		return s
	}
	return ansi.Strip(s)
}

// fold makes upper and lower case alike. Letters whose other case has another
// length stay, so that places in the text stay the same.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.Map(func(r rune) rune {
		lower := []rune(strings.ToLower(string(r)))
		if len(lower) == 1 && utf8.RuneLen(lower[0]) == utf8.RuneLen(r) {
			return lower[0]
		}
		return r
	}, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// highlight marks every match of a line.
func (p *Pane) highlight(line string) string {
	if p.query == "" || !p.matches(line) {
		return line
	}
	text, query := fold(plain(line)), fold(p.query)
	var ranges []lipgloss.Range
	for at := 0; ; {
		i := strings.Index(text[at:], query)
		if i < 0 {
			break
		}
		begin := ansi.StringWidth(text[:at+i])
		ranges = append(ranges, lipgloss.NewRange(begin, begin+ansi.StringWidth(query), p.theme.Match))
		at += i + len(query)
	}
	return lipgloss.StyleRanges(line, ranges...)
}

// searchLine is the line below the text while something is searched.
func (p *Pane) searchLine() string {
	if p.Typing() {
		return p.prompt.View()
	}
	text := fmt.Sprintf("/%s  %s", p.query, counted(p.matching))
	return p.theme.Muted.Render(p.theme.Cut(p.theme.Clean(text), p.width))
}

func counted(n int) string {
	if n == 1 {
		return "1 line matches"
	}
	return fmt.Sprintf("%d lines match", n)
}
