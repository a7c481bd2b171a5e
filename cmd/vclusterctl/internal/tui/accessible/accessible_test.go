package accessible_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/accessible"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// host is a host cluster that remembers what was done.
type host struct {
	watcher *tuitest.Watcher
	done    []string
	// change makes a session behave in its own way.
	change func(*tui.Session)
}

func (h *host) config() tui.Config {
	session := &tui.Session{Context: "host", Namespace: "default", Watcher: h.watcher, Actions: act.Actions{
		Details:   func(context.Context, act.Target) (describe.Input, error) { return describe.Input{}, nil },
		Inventory: func(context.Context, act.Target) ([]string, error) { return []string{"1 node pod", "all data"}, nil },
		Delete:    func(_ context.Context, t act.Target) error { return h.note("delete " + t.Name) },
		SetPaused: func(_ context.Context, t act.Target, paused bool) error {
			return h.note(map[bool]string{true: "pause ", false: "resume "}[paused] + t.Name)
		},
		SaveKubeconfig: func(_ context.Context, t act.Target) (string, error) {
			return "/home/me/" + t.Name, h.note("save " + t.Name)
		},
		Try: func(_ context.Context, u *unstructured.Unstructured) ([]act.Problem, error) {
			version, _, _ := unstructured.NestedString(u.Object, "spec", "version")
			if u.GetName() == "taken" && version != "" {
				return []act.Problem{{Field: "metadata.name", Message: "exists already"}}, nil
			}
			if version == "v1.99.0" {
				return []act.Problem{{Field: "spec.version", Message: "no image for v1.99.0 is installed"}}, nil
			}
			return nil, nil
		},
		Create: func(_ context.Context, u *unstructured.Unstructured) error {
			version, _, _ := unstructured.NestedString(u.Object, "spec", "version")
			return h.note("create " + u.GetNamespace() + "/" + u.GetName() + " " + version)
		},
		Logs: func(_ context.Context, r act.LogRequest, emit func(string) error) error {
			return emit(r.Node + " says\x1b[2J hello")
		},
		Attach: func(t act.Target) tea.ExecCommand { return &command{host: h, what: "attach " + t.Name} },
		Shell: func(t act.Target, node string) tea.ExecCommand {
			return &command{host: h, what: "shell " + t.Name + "/" + node}
		},
	}}
	if h.change != nil {
		h.change(session)
	}
	return tui.Config{
		Env: tuitest.Env(true, false), Clock: clocktesting.NewFakeClock(tuitest.Now), Session: session,
		Contexts: func(context.Context) ([]string, error) { return []string{"host", "other"}, nil },
		Connect: func(_ context.Context, name string) (*tui.Session, error) {
			if name != "other" {
				return nil, errors.New("no such context")
			}
			return &tui.Session{Context: name, Watcher: tuitest.NewWatcher()}, nil
		},
	}
}

func (h *host) note(what string) error {
	h.done = append(h.done, what)
	return nil
}

// command reads one line: it must be the one after its own.
type command struct {
	host *host
	what string
	in   io.Reader
	out  io.Writer
}

func (c *command) Run() error {
	fmt.Fprintln(c.out, "(a shell begins)")
	line := make([]byte, 5)
	_, err := io.ReadFull(c.in, line)
	return errors.Join(err, c.host.note(c.what+": "+strings.TrimSpace(string(line))))
}
func (c *command) SetStdin(r io.Reader)  { c.in = r }
func (c *command) SetStdout(w io.Writer) { c.out = w }
func (*command) SetStderr(io.Writer)     {}

func talk(t *testing.T, h *host, lines ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out bytes.Buffer
	if err := accessible.Run(ctx, h.config(), strings.NewReader(strings.Join(lines, "\n")+"\n"), &out, nil); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("there is an escape sequence in %q", out.String())
	}
	return out.String()
}

func zoo() []*v1alpha1.VirtualCluster {
	return []*v1alpha1.VirtualCluster{
		tuitest.Cluster("dev", tuitest.Ready, tuitest.Pool("work", 1)), tuitest.Cluster("boots", tuitest.Booted), tuitest.Cluster("broken", tuitest.NoNode),
		tuitest.Cluster("sleeps", tuitest.Paused), tuitest.Cluster("far", tuitest.In("team-a"), tuitest.Ready),
	}
}

// TestTalk are whole conversations.
func TestTalk(t *testing.T) {
	cases := map[string]struct {
		reason string
		lines  []string
		done   []string
	}{
		"look":     {reason: "What there is, and how it is.", lines: []string{"all", "namespace nowhere", "describe 1", "namespace default", "describe dev", "describe", "describe 9", "describe nobody", "fly", "", "quit", "list"}},
		"help":     {reason: "Everything that can be said.", lines: []string{"help"}},
		"delete":   {reason: "Only yes is yes.", lines: []string{"delete dev", "y", "delete dev", "yes"}, done: []string{"delete dev"}},
		"pause":    {reason: "And what is so already is not asked.", lines: []string{"pause dev", "yes", "pause sleeps", "resume sleeps", "YES", "resume dev"}, done: []string{"pause dev", "resume sleeps"}},
		"node":     {reason: "Logs and shells of nodes.", lines: []string{"logs dev/work-0", "logs dev", "logs dev/none", "shell dev/work-0", "exit", "attach 3", "exit"}, done: []string{"shell dev/work-0: exit", "attach dev: exit"}},
		"save":     {reason: "The kubeconfig.", lines: []string{"kubeconfig dev"}, done: []string{"save dev"}},
		"contexts": {reason: "From one host to another.", lines: []string{"context", "context none", "context other"}},
		"create": {
			reason: "Field by field; mistakes are told at once, those that only the API server knows too.",
			lines:  []string{"create", "Not Right", "new", "", "nonsense", "k8s", "v1.99.0", "v1.36.3", "", "2", "", "", "", "", "yes"},
			done:   []string{"create default/new v1.36.3"},
		},
		"taken": {
			reason: "What is found wrong later is asked for again, and nobody says yes before all of it is right.",
			lines:  []string{"create", "taken", "", "", "v1.36.3", "", "", "", "", "", "", "new", "yes"},
			done:   []string{"create default/new v1.36.3"},
		},
		"cancel": {reason: "Until the last question nothing is done.", lines: []string{"create", "new", "cancel"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h := &host{watcher: tuitest.NewWatcher(zoo()...)}
			// Which runtimes there are is not what this is about.
			runtimes := strings.Trim(strings.ReplaceAll(fmt.Sprint(v1alpha1.RuntimeProfiles()), " ", ", "), "[]")
			golden.RequireEqual(t, strings.ReplaceAll(talk(t, h, tc.lines...), runtimes, "RUNTIMES"))
			if !slices.Equal(tc.done, h.done) {
				t.Errorf("%s Done was %q, want %q", tc.reason, h.done, tc.done)
			}
		})
	}
}

// TestFollow: every change is said once, until nothing more is to be expected.
func TestFollow(t *testing.T) {
	h := &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Accepted))}
	c := begin(t, h)
	c.hear("What next?")
	c.say("follow dev")
	c.hear("dev: Booting node")
	w := h.watcher.Next(t.Context())
	w.Modify(tuitest.Cluster("dev", tuitest.Accepted)) // nothing new
	w.Modify(tuitest.Cluster("other", tuitest.NoNode))
	w.Modify(tuitest.Cluster("dev", tuitest.Booted))
	c.hear("dev: Starting API")
	if strings.Contains(c.before, "other") || strings.Contains(c.before, "dev: Booting node") {
		t.Errorf("something else is said, or twice: %q", c.before)
	}
	w.Modify(tuitest.Cluster("dev", tuitest.Ready))
	c.hear("dev: Ready, version v1.36.3, 1 of 1 nodes ready, 10m old.\nWhat next?")
}

// TestFollowAnother: whatever has the name by now is not what was followed.
func TestFollowAnother(t *testing.T) {
	h := &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Accepted))}
	c := begin(t, h)
	c.hear("What next?")
	c.say("follow dev")
	c.hear("dev: Booting node")
	again := tuitest.Cluster("dev", tuitest.Ready)
	again.UID = "another"
	h.watcher.Next(t.Context()).Modify(again)
	c.hear("dev is deleted.")
}

func TestForbidden(t *testing.T) {
	h := &host{watcher: tuitest.NewWatcher()}
	h.watcher.Fail(errors.New("eve may not list"), nil)
	if got := talk(t, h, "list"); strings.Count(got, "Error: eve may not list") != 2 {
		t.Errorf("got %q", got)
	}
}

// TestStale: what is done is done to what was said, and as it is now.
func TestStale(t *testing.T) {
	again := tuitest.Cluster("dev", tuitest.Ready)
	again.UID = "another"
	cases := map[string]struct {
		reason string
		now    []*v1alpha1.VirtualCluster
		line   string
		want   string
		done   []string
	}{
		"Moved":    {reason: "Numbers are those that were said.", now: []*v1alpha1.VirtualCluster{tuitest.Cluster("a", tuitest.Ready), tuitest.Cluster("dev", tuitest.Ready)}, line: "kubeconfig 1", want: "kubeconfig of dev", done: []string{"save dev"}},
		"Gone":     {reason: "It is no more.", line: "kubeconfig 1", want: "dev is deleted"},
		"Replaced": {reason: "Another one has its name.", now: []*v1alpha1.VirtualCluster{again}, line: "logs dev", want: "another cluster has its name"},
		"Changed":  {reason: "It is paused by now.", now: []*v1alpha1.VirtualCluster{tuitest.Cluster("dev", tuitest.Paused)}, line: "pause dev", want: "is paused already"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h := &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Ready))}
			c := begin(t, h)
			c.hear("What next?")
			h.watcher.Set(tc.now...)
			c.say(tc.line)
			c.hear(tc.want)
			c.hear("What next?")
			c.say("quit")
			c.end()
			if !slices.Equal(tc.done, h.done) {
				t.Errorf("%s Done was %q, want %q", tc.reason, h.done, tc.done)
			}
		})
	}
}

// TestInterrupt: Ctrl-C stops what is under way, time and again, and ends the
// conversation where something is asked.
func TestInterrupt(t *testing.T) {
	h := &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Accepted))}
	c := begin(t, h)
	for range 2 {
		c.hear("What next?")
		c.say("follow dev")
		c.hear("dev: Booting node")
		c.interrupts <- os.Interrupt
		c.hear("Stopped.")
	}
	c.hear("What next?")
	c.say("kubeconfig dev")
	c.hear("is in the file")
	c.hear("What next?")
	c.interrupts <- os.Interrupt
	c.end()
}

// TestInterruptQuestion: who interrupts a question has not said yes.
func TestInterruptQuestion(t *testing.T) {
	h := &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Ready))}
	c := begin(t, h)
	c.hear("What next?")
	c.say("delete dev")
	c.hear("Say yes or no.")
	c.interrupts <- os.Interrupt
	c.end()
	if len(h.done) > 0 {
		t.Errorf("done was %q", h.done)
	}
}

// TestInterruptShell: what is typed into a shell is the shell's.
func TestInterruptShell(t *testing.T) {
	h := &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Ready))}
	c := begin(t, h)
	c.hear("What next?")
	c.say("attach dev")
	c.hear("(a shell begins)")
	c.interrupts <- os.Interrupt
	c.interrupts <- os.Interrupt // the one before has been taken
	c.say("exit")
	c.hear("You are back.")
	c.hear("What next?")
	c.say("quit")
	c.end()
}

// TestTold: who is told to end does, whatever is under way.
func TestTold(t *testing.T) {
	for name, line := range map[string]string{"Question": "", "Work": "follow dev"} {
		t.Run(name, func(t *testing.T) {
			c := begin(t, &host{watcher: tuitest.NewWatcher(tuitest.Cluster("dev", tuitest.Accepted))})
			c.hear("What next?")
			if line != "" {
				c.say(line)
				c.hear("dev: Booting node")
			}
			c.cancel()
			c.end()
		})
	}
}
