//go:build unix

package verbs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// terminalEnv makes TestRunOnTerminal the program on the terminal.
const terminalEnv = "VERBS_TEST_ON_TERMINAL"

// runOnTerminal runs a command on a host that takes for ever to delete.
func runOnTerminal(t *testing.T) {
	l := newLab(t, func(_ *lab, f *interceptor.Funcs) {
		f.Delete = func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error { return nil }
	})
	l.In, l.Out, l.ErrOut = os.Stdin, os.Stdout, os.Stderr
	root := newRoot(l.Factory, NewCmdRun(l.Factory, nil))
	root.SetArgs(append(l.flags, "run", "--name=dev", "--keep-on-failure", "--", "sh", "-c",
		`trap 'echo cleared up; exit 3' INT; echo begun; while :; do sleep 0.01; done`))
	code := Execute(t.Context(), l.Factory, root)
	fmt.Printf("ended with %d\n", code)
}

// TestRunOnTerminal: the first Ctrl-C is the command's, the second one ends the
// wait for the deletion, and that is all they do.
func TestRunOnTerminal(t *testing.T) {
	if os.Getenv(terminalEnv) != "" {
		runOnTerminal(t)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := exec.Command(self, "-test.run=^TestRunOnTerminal$")
	program.Env = append(os.Environ(), terminalEnv+"=yes")
	keys, err := pty.Start(program)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	// It is waited for only where it ends by itself.
	overdue := time.AfterFunc(time.Minute, func() { _ = program.Process.Kill() })
	defer overdue.Stop()
	screen := bufio.NewScanner(keys)
	for _, step := range []struct{ see, press string }{
		{see: "begun", press: "\x03"},
		{see: "cleared up"},
		{see: "Deleting virtual cluster", press: "\x03"},
		{see: "Not waiting any longer: the deletion goes on by itself."},
		{see: "ended with 3"},
	} {
		before := []string{}
		for {
			if !screen.Scan() {
				t.Fatalf("the terminal is gone before %q was seen, after:\n%s", step.see, strings.Join(before, "\n"))
			}
			if strings.Contains(screen.Text(), step.see) {
				break
			}
			before = append(before, screen.Text())
		}
		if _, err := keys.WriteString(step.press); err != nil {
			t.Fatal(err)
		}
	}
	if err := program.Wait(); err != nil && program.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Errorf("the program was killed: %v", err)
	}
}
