//go:build !unix

package tui

import (
	"errors"
	"io"
)

// suspension is what this system does not have. It implements tea.ExecCommand.
type suspension struct{}

// Run implements tea.ExecCommand.
func (suspension) Run() error { return errors.New("this system suspends no programs") }

// SetStdin implements tea.ExecCommand.
func (suspension) SetStdin(io.Reader) {}

// SetStdout implements tea.ExecCommand.
func (suspension) SetStdout(io.Writer) {}

// SetStderr implements tea.ExecCommand.
func (suspension) SetStderr(io.Writer) {}
