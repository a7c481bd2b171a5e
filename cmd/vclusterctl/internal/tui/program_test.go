package tui_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"k8s.io/apimachinery/pkg/watch"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// screenBuffer is what a program has written so far.
type screenBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *screenBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *screenBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// running is a real program with a keyboard and a screen.
type running struct {
	t       *testing.T
	keys    *os.File
	screen  *screenBuffer
	ended   chan error
	actions *tuitest.Actions
	watcher *tuitest.Watcher
}

func run(t *testing.T, change func(*tui.Config)) *running {
	t.Helper()
	in, keys, err := os.Pipe() // a file, as a terminal is: reading can be broken off
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); keys.Close() })
	r := &running{t: t, keys: keys, screen: &screenBuffer{}, ended: make(chan error, 1), actions: &tuitest.Actions{}}
	r.watcher = tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Ready))
	c := tui.Config{
		Env: tuitest.Env(true, false), Clock: clocktesting.NewFakeClock(tuitest.Now),
		Session: &tui.Session{Context: "host", Namespace: "default", Watcher: r.watcher, Actions: r.actions.All()},
	}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p := tea.NewProgram(tui.New(ctx, c), tea.WithInput(in), tea.WithOutput(r.screen), tea.WithWindowSize(80, 24),
		tea.WithColorProfile(colorprofile.ANSI), tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm"}))
	go func() {
		_, err := p.Run()
		r.ended <- err
	}()
	return r
}

func (r *running) press(keys string) {
	r.t.Helper()
	if _, err := r.keys.Write([]byte(keys)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) until(what string, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			r.t.Fatalf("%s does not come; written was\n%q", what, r.screen.String())
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // a screen cannot be waited for
	}
}

func (r *running) untilShows(text string) {
	r.t.Helper()
	r.until(text, func() bool { return strings.Contains(r.screen.String(), text) })
}

func (r *running) end() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(20 * time.Second):
		r.t.Fatal("the program does not end")
	}
	return nil
}

// altScreen is switched on at the beginning and off at the end, whatever
// happens.
const (
	altScreenOn  = "\x1b[?1049h"
	altScreenOff = "\x1b[?1049l"
)

func (r *running) restored() {
	r.t.Helper()
	written := r.screen.String()
	if on, off := strings.LastIndex(written, altScreenOn), strings.LastIndex(written, altScreenOff); off < on {
		r.t.Errorf("the terminal is not as it was: %q", written)
	}
}

func TestProgram(t *testing.T) {
	r := run(t, nil)
	r.untilShows("live")
	r.watcher.Next(t.Context()).Add(tuitest.Cluster("fresh", tuitest.Booted))
	r.untilShows("fresh")
	r.press("q")
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.restored()
}

// TestAttach: the terminal is given away and taken back, and the screen is the
// one that was left.
func TestAttach(t *testing.T) {
	for key, what := range map[string]string{"a": "attach dev", "s": "shell dev/server-0"} {
		r := run(t, nil)
		r.untilShows("live")
		r.press(key)
		r.until(what, func() bool { return r.actions.Was(what) })
		r.until("the screen", func() bool { return strings.Count(r.screen.String(), altScreenOn) == 2 })
		if n := strings.Count(r.screen.String(), altScreenOff); n != 1 {
			t.Errorf("%q: the terminal was given away %d times", key, n)
		}
		r.press("q")
		if err := r.end(); err != nil {
			t.Error(err)
		}
		r.restored()
	}
}

func TestAttachFails(t *testing.T) {
	r := run(t, nil)
	r.actions.Fail = errors.New("boom")
	r.untilShows("live")
	r.press("a")
	r.until("the screen", func() bool { return strings.Count(r.screen.String(), altScreenOn) == 2 })
	r.untilShows("exit")
	r.press("q")
	_ = r.end()
	r.restored()
}

// TestClipboard: the kubeconfig goes out by OSC 52, in base64.
func TestClipboard(t *testing.T) {
	r := run(t, nil)
	r.untilShows("live")
	r.press("c")
	r.untilShows("\x1b]52;c;a3ViZWNvbmZpZyBvZiBkZXY=")
	r.press("q")
	_ = r.end()
}

// TestPanic: whatever panics, the terminal is as it was.
func TestPanic(t *testing.T) {
	boom := func() { panic("boom") }
	for name, tc := range map[string]struct {
		change func(*tui.Config)
		keys   string
	}{
		"Command": {func(c *tui.Config) {
			c.Session.Details = func(context.Context, act.Target) (describe.Input, error) { boom(); return describe.Input{}, nil }
		}, "d"},
		"Source": {func(c *tui.Config) { c.Session.Watcher = panicking{tuitest.NewWatcher()} }, ""},
		"Update": {func(c *tui.Config) { c.Session.Attach = func(act.Target) tea.ExecCommand { boom(); return nil } }, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, tc.change)
			if tc.keys != "" {
				r.untilShows("live")
				r.press(tc.keys)
			}
			if err := r.end(); !errors.Is(err, tea.ErrProgramPanic) {
				t.Errorf("got %v", err)
			}
			r.restored()
		})
	}
}

type panicking struct{ *tuitest.Watcher }

func (panicking) Watch(context.Context, string, string) (watch.Interface, error) { panic("boom") }
