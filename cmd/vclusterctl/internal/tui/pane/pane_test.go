package pane_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/pane"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// numbered are n lines called 0 to n-1.
func numbered(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprint(i)
	}
	return lines
}

func show(width, height int, lines ...string) *pane.Pane {
	p := pane.New(theme.New(true, false), keys.Default())
	p.SetSize(width, height)
	p.SetLines(lines)
	return p
}

func press(p *pane.Pane, names ...string) {
	for _, name := range names {
		p.Update(tuitest.Key(name))
	}
}

func typed(p *pane.Pane, text string) {
	for _, k := range tuitest.Keys(text) {
		p.Update(k)
	}
}

// seen are the visible lines without styles.
func seen(p *pane.Pane) string {
	return strings.TrimRight(strings.Join(strings.Fields(ansi.Strip(p.View())), " "), " ")
}

func TestMove(t *testing.T) {
	cases := map[string]struct {
		reason string
		keys   []string
		want   string
	}{
		"Begin":     {reason: "It begins on top.", want: "0 1 2"},
		"Down":      {reason: "By lines.", keys: []string{"down", "j"}, want: "2 3 4"},
		"Up":        {reason: "Both ways.", keys: []string{"down", "down", "up", "k", "k"}, want: "0 1 2"},
		"Page":      {reason: "By pages, one line stays.", keys: []string{"pgdown", "space"}, want: "4 5 6"},
		"PageUp":    {reason: "Both ways.", keys: []string{"pgdown", "pgdown", "pgup"}, want: "2 3 4"},
		"Bottom":    {reason: "To the end.", keys: []string{"G"}, want: "7 8 9"},
		"NotBeyond": {reason: "And not beyond.", keys: []string{"G", "down", "pgdown"}, want: "7 8 9"},
		"Top":       {reason: "And back.", keys: []string{"G", "g"}, want: "0 1 2"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := show(10, 3, numbered(10)...)
			press(p, tc.keys...)
			if diff := cmp.Diff(tc.want, seen(p)); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestFollow: the end stays in view until somebody looks back.
func TestFollow(t *testing.T) {
	p := show(10, 3, numbered(4)...)
	p.SetFollow(true)
	p.Append("4", "5")
	if got := seen(p); got != "3 4 5" {
		t.Errorf("following: got %q", got)
	}
	press(p, "up")
	p.Append("6")
	if got := seen(p); got != "2 3 4" || p.Following() {
		t.Errorf("looking back: got %q, following %t", got, p.Following())
	}
	p.SetFollow(true)
	if got := seen(p); got != "4 5 6" {
		t.Errorf("following again: got %q", got)
	}
}

// TestLimit: what is forgotten on top does not move what is looked at.
func TestLimit(t *testing.T) {
	p := show(10, 3, numbered(8)...)
	p.Limit = 10
	press(p, "down", "down", "down", "down")
	p.Append("8", "9", "10", "11")
	if got := seen(p); got != "4 5 6" || p.Len() != 10 {
		t.Errorf("got %q of %d lines, want 4 5 6 of 10", got, p.Len())
	}
}

func TestWrap(t *testing.T) {
	p := show(4, 4, "abcdefghij", "xy")
	if got := seen(p); got != "abc… xy" {
		t.Errorf("cut: got %q", got)
	}
	press(p, "w")
	if got := seen(p); got != "abcd efgh ij xy" {
		t.Errorf("wrapped: got %q", got)
	}
	p.SetSize(4, 2)
	press(p, "down")
	if got := seen(p); got != "efgh ij" {
		t.Errorf("scrolled within a line: got %q", got)
	}
	press(p, "G")
	if got := seen(p); got != "ij xy" {
		t.Errorf("at the end: got %q", got)
	}
	press(p, "up", "up")
	if got := seen(p); got != "abcd efgh" {
		t.Errorf("back on top: got %q", got)
	}
}

func TestSideways(t *testing.T) {
	p := show(10, 1, "0123456789abcdefghijklmnopqrst")
	press(p, "right")
	if got := seen(p); got != "89abcdefg…" {
		t.Errorf("to the right: got %q", got)
	}
	press(p, "right", "right", "right", "right")
	if got := seen(p); got != "opqrst" {
		t.Errorf("at the right end: got %q", got)
	}
	press(p, "left", "left", "left", "left")
	if got := seen(p); got != "012345678…" {
		t.Errorf("back: got %q", got)
	}
}

func TestSearch(t *testing.T) {
	lines := append(numbered(20), "Error one", "x", "another error", "y")
	p := show(30, 4, lines...)
	press(p, "/")
	typed(p, "error")
	if !strings.Contains(seen(p), "Error one") || !p.Typing() {
		t.Errorf("while it is typed the first match is seen: %q", seen(p))
	}
	press(p, "enter")
	if !strings.Contains(seen(p), "2 lines match") || p.Typing() {
		t.Errorf("then how many there are: %q", seen(p))
	}
	if !strings.Contains(p.View(), theme.New(true, false).Match.Render("Error")) {
		t.Errorf("the match is not brought out: %q", p.View())
	}
	press(p, "g", "n")
	if !strings.Contains(seen(p), "another error") {
		t.Errorf("n goes to the next: %q", seen(p))
	}
	press(p, "n")
	if !strings.Contains(seen(p), "Error one") {
		t.Errorf("and around the end: %q", seen(p))
	}
	press(p, "g", "N")
	if !strings.Contains(seen(p), "another error") {
		t.Errorf("N goes back around: %q", seen(p))
	}
	p.Append("error three")
	if !strings.Contains(seen(p), "3 lines match") {
		t.Errorf("what is written meanwhile counts: %q", seen(p))
	}
	if !p.StopSearch() || p.StopSearch() || strings.Contains(seen(p), "match") {
		t.Errorf("after the search: %q", seen(p))
	}
}

func TestSearchNothing(t *testing.T) {
	p := show(30, 3, numbered(5)...)
	press(p, "/")
	p.Update(tea.PasteMsg{Content: "zzz"})
	press(p, "enter", "n", "N")
	if got := seen(p); got != "0 1 /zzz 0 lines match" {
		t.Errorf("got %q", got)
	}
	press(p, "/", "esc")
	if p.Searching() != "" {
		t.Error("esc leaves the search on")
	}
	press(p, "/", "enter", "n")
	if got := seen(p); got != "0 1 2" {
		t.Errorf("an empty search: got %q", got)
	}
}

// TestStyled: styles of the text do not hide a match, nor get lost.
func TestStyled(t *testing.T) {
	p := show(40, 3, "\x1b[31mred\x1b[m and \x1b[1mbold\x1b[m größe")
	press(p, "/")
	typed(p, "d a")
	press(p, "enter")
	if !strings.Contains(seen(p), "1 line matches") {
		t.Errorf("got %q", seen(p))
	}
	press(p, "/")
	typed(p, "xx")
	press(p, "esc", "/")
	typed(p, "GRÖSSE")
	press(p, "esc", "/")
	typed(p, "GRÖ")
	if !strings.Contains(ansi.Strip(p.View()), "größe") {
		t.Errorf("got %q", p.View())
	}
}

// TestSizes: no size breaks anything, wrapped or not.
func TestSizes(t *testing.T) {
	lines := append(numbered(30), strings.Repeat("wide \u540d\u524d ", 20), "", "\x1b[1mstyled\x1b[m "+strings.Repeat("x", 90))
	for _, keys := range [][]string{nil, {"w"}, {"w", "G"}, {"/", "x", "enter"}, {"G", "right", "right"}} {
		p := show(80, 24, lines...)
		press(p, keys...)
		for width := range 90 {
			for _, height := range []int{0, 1, 2, 3, 10, 60} {
				p.SetSize(width, height)
				press(p, "down")
				got := strings.Split(p.View(), "\n")
				if len(got) != max(height, 1) {
					t.Fatalf("%v at %dx%d: %d lines", keys, width, height, len(got))
				}
				for _, line := range got {
					if ansi.StringWidth(line) > width && width > 4 {
						t.Errorf("%v at %dx%d: a line is %d wide: %q", keys, width, height, ansi.StringWidth(line), line)
					}
				}
			}
		}
	}
}

// BenchmarkPane is what one message costs with a long log.
func BenchmarkPane(b *testing.B) {
	lines := make([]string, 10000)
	for i := range lines {
		lines[i] = fmt.Sprintf("2026-11-21T08:00:00.000Z kubelet[71]: line %d of something that goes on for a while and is longer than the screen", i)
	}
	for _, bc := range []struct {
		name  string
		setUp func(*pane.Pane)
		do    func(*pane.Pane, int)
	}{
		{"scroll", func(*pane.Pane) {}, func(p *pane.Pane, i int) { press(p, []string{"pgdown", "pgup"}[i/100%2]) }},
		{"scroll-wrapped", func(p *pane.Pane) { p.SetWrap(true) }, func(p *pane.Pane, i int) { press(p, []string{"pgdown", "pgup"}[i/100%2]) }},
		{"append", func(p *pane.Pane) { p.SetFollow(true) }, func(p *pane.Pane, i int) { p.Append(lines[i%len(lines)]) }},
		{"next-match", func(p *pane.Pane) { press(p, "/"); typed(p, "9999"); press(p, "enter") }, func(p *pane.Pane, _ int) { press(p, "n") }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			p := show(80, 22, lines...)
			p.Limit = len(lines)
			bc.setUp(p)
			for i := 0; b.Loop(); i++ {
				bc.do(p, i)
				_ = p.View()
			}
		})
	}
}
