package tui_test

import (
	"context"
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// BenchmarkMessage is what one message of the whole program costs with 1,000
// clusters: Update and the View after it. A frame has 16 ms.
func BenchmarkMessage(b *testing.B) {
	const n = 1000
	keys := func(names ...string) func(int) tea.Msg {
		return func(i int) tea.Msg { return tuitest.Key(names[i%len(names)]) }
	}
	for _, bc := range []struct {
		name   string
		before []string
		msg    func(i int) tea.Msg
	}{
		{name: "key-down", msg: keys("down")},
		{name: "page-down", msg: keys("pgdown")},
		{name: "filter-letter", before: []string{"/"}, msg: keys("0", "5", "backspace", "backspace")},
		{name: "sort", msg: keys("o")},
		{name: "tick", msg: func(int) tea.Msg { return screen.Tick(tuitest.Now) }},
		{name: "resize", msg: func(i int) tea.Msg { return tea.WindowSizeMsg{Width: 80 + i%2, Height: 24} }},
		{name: "help-scroll", before: []string{"?"}, msg: keys("down", "up")},
		{name: "dialog", before: []string{"p"}, msg: keys("tab")},
	} {
		b.Run(fmt.Sprintf("%s/%d", bc.name, n), func(b *testing.B) {
			m := opened(b, n)
			for _, k := range bc.before {
				m.Update(tuitest.Key(k))
			}
			for i := 0; b.Loop(); i++ {
				m.Update(bc.msg(i))
				_ = m.View()
			}
		})
	}
}

// BenchmarkOpen is the way from the answer of the API server to the first
// frame.
func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		opened(b, 1000)
	}
}

// opened is a program that has heard of n clusters.
func opened(b *testing.B, n int) *tui.Model {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	b.Cleanup(cancel)
	m := tui.New(ctx, tui.Config{
		Env: tuitest.Env(true, false), Clock: clocktesting.NewFakeClock(tuitest.Now),
		Session: &tui.Session{Context: "host", Watcher: tuitest.NewWatcher(tuitest.Many(n)...), Actions: (&tuitest.Actions{}).All()},
	})
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	msgs := make(chan tea.Msg)
	start(m.Init(), msgs)
	m.Update(<-msgs)
	_ = m.View()
	return m
}

// start runs commands; their messages are taken or not.
func start(cmd tea.Cmd, msgs chan tea.Msg) {
	go func() {
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, c := range batch {
				start(c, msgs)
			}
			return
		}
		msgs <- msg
	}()
}
