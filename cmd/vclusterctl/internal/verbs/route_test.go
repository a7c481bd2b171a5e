//go:build unix

package verbs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestDirectIsTold: people are told which way is taken, logs only if it is not
// the obvious one.
func TestDirectIsTold(t *testing.T) {
	for name, person := range map[string]bool{"Person": true, "Log": false} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "")
			s.ErrTTY = person
			s.there(t, interceptor.Funcs{})
			code, _, errOut := s.call(t.Context(), NewCmdAttach(s.Factory, nil), "dev", "--", "true")
			if code != 0 || strings.Contains(errOut, "https://"+s.cluster.Address+" answers from here: going there directly.") != person {
				t.Errorf("code %d, told:\n%s", code, errOut)
			}
		})
	}
}

// TestAttachTellsChanges: somebody who types into a shell hears that the tunnel
// is lost.
func TestAttachTellsChanges(t *testing.T) {
	s := newStage(t, nowhere)
	s.InTTY = true
	dir := t.TempDir()
	begun, end := filepath.Join(dir, "begun"), filepath.Join(dir, "end")
	s.environment["SHELL"] = waitingShell(t, begun, end)
	s.there(t, interceptor.Funcs{})
	go func() {
		defer func() { _ = os.WriteFile(end, nil, 0o600) }()
		eventually(t, func() bool { _, err := os.Stat(begun); return err == nil })
		before := len(s.host.Dials())
		s.host.Cut()
		eventually(t, func() bool { return len(s.host.Dials()) > before })
	}()
	// A file, as it is outside of tests: the shell has it, too.
	told, err := os.Create(filepath.Join(dir, "told"))
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	s.ErrOut = told
	root := newRoot(s.Factory, NewCmdAttach(s.Factory, nil))
	root.SetArgs(append([]string{"attach", "dev"}, s.flags...))
	code := Execute(t.Context(), s.Factory, root)
	errOut, err := os.ReadFile(told.Name())
	if err != nil || code != 0 || !strings.Contains(string(errOut), "\r\nThe connection through pod \"dev-server-0\" was lost; connecting again.\r\n") {
		t.Errorf("code %d, error %v, told:\n%q", code, err, errOut)
	}
}

// waitingShell is one that says that it has begun, and waits for its end.
func waitingShell(t *testing.T, begun, end string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shell")
	script := "#!/bin/sh\ntouch " + begun + "\nwhile [ ! -e " + end + " ]; do sleep 0.01; done\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually waits for something.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) { return holds(), nil }); err != nil {
		t.Errorf("it did not come about: %v", err)
	}
}
