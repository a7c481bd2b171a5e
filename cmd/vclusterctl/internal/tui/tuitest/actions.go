package tuitest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
)

// Actions remembers what it was asked for, and does nothing.
type Actions struct {
	mu sync.Mutex
	// Done is what was done.
	Done []string

	// Fail is what everything fails with, NamespacesErr the list of namespaces.
	Fail, NamespacesErr error
	// Problems are what trying a new cluster finds.
	Problems []act.Problem
	// Log is what every node has logged; # is how often logs were read.
	Log string
	// Talks lets what takes over the terminal say so, and wait for Enter.
	Talks bool

	reads int
}

func (f *Actions) note(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Done = append(f.Done, fmt.Sprintf(format, args...))
	return f.Fail
}

// Was says whether something was done.
func (f *Actions) Was(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.Done, what)
}

// All are the actions.
func (f *Actions) All() act.Actions {
	return act.Actions{
		Details: func(context.Context, act.Target) (describe.Input, error) { return describe.Input{}, f.Fail },
		Inventory: func(context.Context, act.Target) ([]string, error) {
			return []string{"1 node pod", "1 volume of 10Gi with all data in it", "its credentials"}, nil
		},
		Delete: func(_ context.Context, t act.Target) error { return f.note("delete %s %s", t.Name, t.UID) },
		SetPaused: func(_ context.Context, t act.Target, paused bool) error {
			return f.note("paused=%t %s %s", paused, t.Name, t.UID)
		},
		Kubeconfig: func(_ context.Context, t act.Target) ([]byte, error) {
			return []byte("kubeconfig of " + t.Name), f.note("kubeconfig %s", t.Name)
		},
		SaveKubeconfig: func(_ context.Context, t act.Target) (string, error) {
			return "/home/me/" + t.Name + ".kubeconfig", f.note("save %s", t.Name)
		},
		Try: func(context.Context, *unstructured.Unstructured) ([]act.Problem, error) { return f.Problems, nil },
		Create: func(_ context.Context, u *unstructured.Unstructured) error {
			return f.note("create %s/%s", u.GetNamespace(), u.GetName())
		},
		Logs: func(_ context.Context, r act.LogRequest, emit func(string) error) error {
			return errors.Join(emit(r.Node+" says\n"+f.logged()), f.Fail)
		},
		Attach: func(t act.Target) tea.ExecCommand { return &fakeCommand{actions: f, what: "attach " + t.Name} },
		Shell: func(t act.Target, node string) tea.ExecCommand {
			return &fakeCommand{actions: f, what: "shell " + t.Name + "/" + node}
		},
		Namespaces: func(context.Context) ([]string, error) {
			return []string{"default", "kube-system", "team-a"}, f.NamespacesErr
		},
	}
}

func (f *Actions) logged() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	return strings.ReplaceAll(f.Log, "#", strconv.Itoa(f.reads))
}

// fakeCommand takes the terminal and gives it back.
type fakeCommand struct {
	actions *Actions
	what    string
	in      io.Reader
	out     io.Writer
}

// Run implements tea.ExecCommand.
func (c *fakeCommand) Run() error {
	if err := c.actions.note("%s", c.what); err != nil {
		return errors.New("exit status 3")
	}
	if !c.actions.Talks {
		return nil
	}
	fmt.Fprintf(c.out, "This is %s.\n", c.what)
	_, err := input.ReadLine(c.in)
	return err
}

// SetStdin implements tea.ExecCommand.
func (c *fakeCommand) SetStdin(r io.Reader) { c.in = r }

// SetStdout implements tea.ExecCommand.
func (c *fakeCommand) SetStdout(w io.Writer) { c.out = w }

// SetStderr implements tea.ExecCommand.
func (*fakeCommand) SetStderr(io.Writer) {}
