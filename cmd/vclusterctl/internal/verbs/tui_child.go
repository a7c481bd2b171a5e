package verbs

import (
	"errors"
	"fmt"
	"io"
	"os/exec"

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
	cmd := v.command(v.program, v.arguments...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = v.in, v.out, v.errOut
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		return err
	case exit.ExitCode() != cli.ExitOwn:
		return nil
	}
	fmt.Fprint(v.errOut, "\nPress Enter to go back. ")
	if _, err := input.ReadLine(v.in); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
