//go:build unix

package tui

import (
	"io"
	"syscall"
)

// suspension stops the program and all that belongs to it, as ctrl+z does, and
// ends when it is brought back. It implements tea.ExecCommand.
//
// Bubble Tea's own waits for ever where nobody could bring the program back and
// the kernel therefore does not stop it: where it is all that a terminal runs.
type suspension struct{}

// Run implements tea.ExecCommand.
func (suspension) Run() error { return syscall.Kill(0, syscall.SIGTSTP) }

// SetStdin implements tea.ExecCommand.
func (suspension) SetStdin(io.Reader) {}

// SetStdout implements tea.ExecCommand.
func (suspension) SetStdout(io.Writer) {}

// SetStderr implements tea.ExecCommand.
func (suspension) SetStderr(io.Writer) {}
