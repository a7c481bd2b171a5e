package tui_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
)

// fakeActions remembers what it was asked for.
type fakeActions struct {
	mu   sync.Mutex
	done []string

	fail          error
	namespacesErr error
	problems      []act.Problem
	log           string
}

func (f *fakeActions) note(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, fmt.Sprintf(format, args...))
	return f.fail
}

func (f *fakeActions) was(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.done, what)
}

func (f *fakeActions) all() act.Actions {
	return act.Actions{
		Details: func(context.Context, act.Target) (describe.Input, error) { return describe.Input{}, f.fail },
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
		Try: func(context.Context, *unstructured.Unstructured) ([]act.Problem, error) { return f.problems, nil },
		Create: func(_ context.Context, u *unstructured.Unstructured) error {
			return f.note("create %s/%s", u.GetNamespace(), u.GetName())
		},
		Logs: func(_ context.Context, r act.LogRequest, emit func(string) error) error {
			return errors.Join(emit(r.Node+" says\n"+f.log), f.fail)
		},
		Attach: func(t act.Target) tea.ExecCommand { return &fakeCommand{f, "attach " + t.Name} },
		Shell: func(t act.Target, node string) tea.ExecCommand {
			return &fakeCommand{f, "shell " + t.Name + "/" + node}
		},
		Namespaces: func(context.Context) ([]string, error) {
			return []string{"default", "kube-system", "team-a"}, f.namespacesErr
		},
	}
}

// fakeCommand takes the terminal and gives it back.
type fakeCommand struct {
	actions *fakeActions
	what    string
}

func (c *fakeCommand) Run() error {
	if err := c.actions.note("%s", c.what); err != nil {
		return errors.New("exit status 3")
	}
	return nil
}
func (*fakeCommand) SetStdin(io.Reader)  {}
func (*fakeCommand) SetStdout(io.Writer) {}
func (*fakeCommand) SetStderr(io.Writer) {}
