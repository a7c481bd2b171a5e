package tui_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// world is a program with all that is outside of it.
type world struct {
	*tuitest.Driver

	t       *testing.T
	watcher *tuitest.Watcher
	clock   *clocktesting.FakeClock
	actions *tuitest.Actions
	config  tui.Config
}

// begin is a program at 80×24 that looks at the namespace "default".
func begin(t *testing.T, change func(*tui.Config), clusters ...*v1alpha1.VirtualCluster) *world {
	t.Helper()
	w := &world{
		t: t, watcher: tuitest.NewWatcher(clusters...), clock: clocktesting.NewFakeClock(tuitest.Now), actions: &tuitest.Actions{},
	}
	w.config = tui.Config{
		Env:      tuitest.Env(true, false),
		Clock:    w.clock,
		Session:  &tui.Session{Context: "host", Namespace: "default", Watcher: w.watcher, Actions: w.actions.All()},
		Contexts: func(context.Context) ([]string, error) { return []string{"host", "other", "closed"}, nil },
		Connect:  w.connect,
	}
	w.config.Now = w.clock.Now
	if change != nil {
		change(&w.config)
	}
	w.Driver = tuitest.Drive(t, tui.New(t.Context(), w.config), 80, 24)
	return w
}

// connect knows one context beside that of the beginning.
func (w *world) connect(_ context.Context, name string) (*tui.Session, error) {
	if name != "other" {
		return nil, errors.New("no such host")
	}
	return &tui.Session{Context: "other", Watcher: tuitest.NewWatcher(tuitest.Cluster("far", tuitest.In("away"), tuitest.Ready)), Actions: w.actions.All()}, nil
}

func (w *world) untilShows(text string) string {
	w.t.Helper()
	return w.Until(fmt.Sprintf("%q", text), func(view string) bool { return strings.Contains(ansi.Strip(view), text) })
}

func (w *world) shows(text string) bool { return strings.Contains(ansi.Strip(w.View()), text) }

// watch waits for the watch that the list is made of.
func (w *world) watch() *watch.FakeWatcher {
	w.t.Helper()
	return w.watcher.Next(w.t.Context())
}

// TestNextFrame: never a stale row. What the API server says is on the frame
// after it: exactly one message is between them.
func TestNextFrame(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"))
	w.untilShows("live")
	server := w.watch()
	for _, step := range []struct {
		reason string
		tell   func()
		want   string
	}{
		{"A phase passes.", func() { server.Modify(tuitest.Cluster("dev", tuitest.Accepted)) }, "Booting node"},
		{"Another one.", func() { server.Modify(tuitest.Cluster("dev", tuitest.Booted)) }, "Starting API"},
		{"It is ready.", func() { server.Modify(tuitest.Cluster("dev", tuitest.Ready)) }, "● Ready"},
		{"It fails.", func() { server.Modify(tuitest.Cluster("dev", tuitest.NoNode)) }, "NoCapableNode"},
		{"Another one appears.", func() { server.Add(tuitest.Cluster("fresh", tuitest.Ready)) }, "fresh"},
		{"It goes.", func() { server.Delete(tuitest.Cluster("dev")) }, "default · 1"},
	} {
		if w.shows(step.want) {
			t.Fatalf("%s %q is there before it was told:\n%s", step.reason, step.want, w.View())
		}
		step.tell()
		msg := w.Step()
		if !w.shows(step.want) {
			t.Errorf("%s After %T the frame does not show %q:\n%s", step.reason, msg, step.want, w.View())
		}
	}
}

// TestBelow: the list behind another screen learns as well.
func TestBelow(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"))
	w.untilShows("live")
	w.Press("?")
	server := w.watch()
	server.Modify(tuitest.Cluster("dev", tuitest.Ready))
	w.Step()
	w.Press("esc")
	if !w.shows("● Ready") {
		t.Errorf("back on the list:\n%s", w.View())
	}
}

// TestLostConnection: it is said, counted down, and tried again.
func TestLostConnection(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready))
	w.untilShows("live")
	server := w.watch()
	w.watcher.Fail(errors.New("connection refused"), nil)
	server.Stop() // at once: the API server is gone
	w.untilShows("not connected, again in 1s")
	w.clock.Step(time.Second)
	w.untilShows("Not connected: connection refused")
	w.untilShows("not connected, again in")
	w.watcher.Fail(nil, nil)
	w.watcher.Set(tuitest.Cluster("dev", tuitest.Booted))
	w.Press("r") // do not wait
	w.untilShows("live")
	if !w.shows("Starting API") {
		t.Errorf("after the connection came back:\n%s", w.View())
	}
}

// TestLostWhy: why the connection is lost is said on every screen, and without
// what everybody knows.
func TestLostWhy(t *testing.T) {
	why := &url.Error{Op: "Get", URL: "https://10.0.0.1:6443/apis/vclusterctl.dev/v1alpha1/virtualclusters?limit=500", Err: errors.New("dial tcp 10.0.0.1:6443: no route to host")}
	for _, keys := range [][]string{nil, {"y"}, {"?"}, {"/", "d", "enter"}} {
		w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready))
		w.untilShows("live")
		w.Press(keys...)
		server := w.watch()
		w.watcher.Fail(why, why)
		w.clock.Step(2 * time.Second) // it has stood for long enough to end
		server.Stop()
		w.untilShows("Not connected: dial tcp 10.0.0.1:6443: no route to host")
		w.watcher.Fail(nil, nil)
		w.clock.Step(time.Second)
		w.untilShows("● live")
		w.Press("esc", "r")
		w.untilShows("● live")
		if w.shows("Not connected") {
			t.Errorf("%v: after it came back:\n%s", keys, w.View())
		}
	}
}

// TestForbidden: somebody without rights is told so, and asked for again.
func TestForbidden(t *testing.T) {
	w := begin(t, func(c *tui.Config) {
		watcher := tuitest.NewWatcher()
		watcher.Fail(apierrors.NewForbidden(v1alpha1.Resource("virtualclusters"), "", errors.New("eve may not")), nil)
		c.Session.Watcher = watcher
	})
	w.untilShows("eve may not")
	w.untilShows("Trying again in")
	golden.RequireEqual(t, w.View())
}

// TestNamespaces: from one to all and back, and to another one by name.
func TestNamespaces(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"), tuitest.Cluster("far", tuitest.In("team-a")))
	w.untilShows("namespace default · 1")
	w.Press("0")
	w.untilShows("all namespaces · 2")
	w.Press("0")
	w.untilShows("namespace default · 1")
	w.Press("N")
	w.untilShows("team-a")
	golden.RequireEqual(t, w.View())
	w.Type("am-a")
	w.Press("enter")
	w.untilShows("namespace team-a · 1")
	w.Press("0")
	w.untilShows("all namespaces")
	w.Press("0")
	w.untilShows("namespace team-a")
}

// TestUnlistedNamespace: who may not list namespaces types one.
func TestUnlistedNamespace(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("far", tuitest.In("hidden")))
	w.actions.NamespacesErr = errors.New("namespaces is forbidden")
	w.Press("N")
	w.untilShows("namespaces is forbidden")
	w.Type("hidden")
	w.Press("enter")
	w.untilShows("namespace hidden · 1")
}

// TestAbandoned: what an abandoned source still says is not shown.
func TestAbandoned(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"), tuitest.Cluster("far", tuitest.In("team-a")))
	w.untilShows("namespace default · 1")
	old := w.watch()
	old.Add(tuitest.Cluster("ghost")) // which nobody has taken by the time it is left
	w.Press("0")
	w.untilShows("all namespaces · 2")
	if w.shows("ghost") {
		t.Errorf("a row of the namespace that was left:\n%s", w.View())
	}
}

func TestContexts(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"))
	w.untilShows("default · 1 · host")
	w.Press("C")
	w.untilShows("closed")
	w.Press("down", "down", "enter")
	w.untilShows("no such host")
	if !w.shows("default · 1 · host") {
		t.Errorf("a context that cannot be had changes nothing:\n%s", w.View())
	}
	w.Press("C")
	w.untilShows("closed")
	w.Type("oth")
	w.Press("enter")
	w.untilShows("all namespaces · 1 · other")
	w.untilShows("away")
}

// TestResize: any size, at any moment, on any screen.
func TestResize(t *testing.T) {
	for _, keys := range [][]string{nil, {"?"}, {"N"}, {"/"}, {"ctrl+d"}, {"enter"}, {"y"}, {"n"}, {"l"}} {
		w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready), tuitest.Cluster("two", tuitest.Booted))
		w.untilShows("live")
		w.Press(keys...)
		for width := 0; width < 130; width += 3 {
			for _, height := range []int{0, 1, 2, 3, 7, 8, 9, 12, 24, 60} {
				w.Send(tea.WindowSizeMsg{Width: width, Height: height})
				lines := strings.Split(w.View(), "\n")
				if len(lines) > max(height, 1) {
					t.Errorf("%v at %dx%d: %d lines", keys, width, height, len(lines))
				}
				for _, line := range lines {
					if ansi.StringWidth(line) > width {
						t.Errorf("%v at %dx%d: a line is %d wide: %q", keys, width, height, ansi.StringWidth(line), line)
					}
				}
			}
		}
	}
}

func TestTooSmall(t *testing.T) {
	w := begin(t, nil)
	w.Send(tea.WindowSizeMsg{Width: 29, Height: 7})
	if !strings.Contains(strings.Join(strings.Fields(w.View()), " "), "29x7, at least 30x8") {
		t.Errorf("got %q", w.View())
	}
	w.Send(tea.WindowSizeMsg{Width: 30, Height: 8})
	w.untilShows("live")
}

func TestQuit(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"ctrl+c"}, {"?", "ctrl+c"}, {"N", "ctrl+c"}, {"/", "q", "ctrl+c"}, {"?", "q", "q"}} {
		w := begin(t, nil, tuitest.Cluster("dev"))
		w.untilShows("live")
		w.Press(keys...)
		w.UntilQuit()
	}
}

// TestFrames are the frames around the screens.
func TestFrames(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*tui.Config)
		keys   []string
		wait   string
	}{
		"list":    {reason: "The first screen.", wait: "live"},
		"help":    {reason: "Every key, from the key map.", keys: []string{"?"}, wait: "Cluster"},
		"help-2":  {reason: "It scrolls.", keys: []string{"?", "G"}, wait: "quit at once"},
		"nocolor": {reason: "NO_COLOR.", change: func(c *tui.Config) { c.Theme = tuitest.Env(false, false).Theme }, wait: "live"},
		"ascii":   {reason: "--ascii.", change: func(c *tui.Config) { c.Theme = tuitest.Env(false, true).Theme }, wait: "live"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := begin(t, tc.change, tuitest.Cluster("dev", tuitest.Ready), tuitest.Cluster("two", tuitest.Booted))
			w.untilShows("live")
			w.Press(tc.keys...)
			w.untilShows(tc.wait)
			golden.RequireEqual(t, w.View())
		})
	}
}

// TestTick: the clock of the screen is the one that was given.
func TestTick(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev", tuitest.Aged(time.Second)))
	w.untilShows("1s")
	w.clock.Step(time.Second)
	if _, ok := w.Step().(screen.Tick); !ok {
		t.Error("a second makes no tick")
	}
	w.untilShows("2s")
}
