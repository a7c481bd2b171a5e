package verbs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
)

// ownVerb is a verb of this program that has the terminal for a while. It
// implements tea.ExecCommand.
type ownVerb struct {
	program   string
	arguments []string
	err       error
	command   func(name string, arg ...string) *exec.Cmd
	// check refuses before anything is run.
	check func() error
	// terminated is closed once this process was told to end, and the verb is to
	// with it.
	terminated <-chan struct{}
	// away is told when the terminal goes and when it is back.
	away func(bool)

	in          io.Reader
	out, errOut io.Writer
}

// SetStdin implements tea.ExecCommand.
func (v *ownVerb) SetStdin(r io.Reader) { v.in = r }

// SetStdout implements tea.ExecCommand.
func (v *ownVerb) SetStdout(w io.Writer) { v.out = w }

// SetStderr implements tea.ExecCommand.
func (v *ownVerb) SetStderr(w io.Writer) { v.errOut = w }

// Run runs it. The code of what somebody typed last into a shell is no failure
// of the shell. What the verb itself says when it fails would be gone with the
// screen that comes back, so somebody has to have read it.
func (v *ownVerb) Run() error {
	if v.err != nil {
		return fmt.Errorf("find the file of this program: %w", v.err)
	}
	v.away(true)
	defer v.away(false)
	if err := v.check(); err != nil {
		return err
	}
	err := v.run()
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		return err
	case exit.ExitCode() != cli.ExitOwn:
		return nil
	}
	return v.awaitReader()
}

// run runs the verb, and passes on that this process was told to end.
func (v *ownVerb) run() error {
	cmd := v.command(v.program, v.arguments...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = v.in, v.out, v.errOut
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	passed := make(chan error, 1)
	go func() {
		select {
		case <-v.terminated:
			passed <- cmd.Process.Signal(syscall.SIGTERM)
		case <-ended:
			passed <- nil
		}
	}()
	err := cmd.Wait()
	close(ended)
	if failed := <-passed; failed != nil && !errors.Is(failed, os.ErrProcessDone) {
		return errors.Join(err, fmt.Errorf("tell %s to end: %w", v.arguments[0], failed))
	}
	return err
}

// awaitReader waits for somebody to have read what stands there.
func (v *ownVerb) awaitReader() error {
	fmt.Fprint(v.errOut, "\nPress Enter to go back. ")
	read := make(chan error, 1)
	go func() {
		_, err := input.ReadLine(v.in)
		read <- err
	}()
	select {
	case err := <-read:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case <-v.terminated: // nobody reads on from there
		return nil
	}
}
