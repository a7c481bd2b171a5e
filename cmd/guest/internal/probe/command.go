package probe

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
)

// command is a program of the image to run.
type command struct {
	args  []string
	input string
	// apart runs it in namespaces of its own, as a container inside is made.
	apart bool
}

func program(args ...string) command { return command{args: args} }

func inNamespaces(args ...string) command { return command{args: args, apart: true} }

func (c command) with(input string) command {
	c.input = input
	return c
}

// maxOutput is how much of a program's words is kept.
const maxOutput = 400

// execute runs a command. Its error has the program's own words.
func execute(ctx context.Context, c command) error {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Stdin = strings.NewReader(c.input)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if c.apart {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
			// Unshared, and so made private first: nothing gets out.
			Unshareflags: syscall.CLONE_NEWNS,
		}
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w%s", c.args[0], err, words(output.String()))
	}
	return nil
}

func words(output string) string {
	output = strings.Join(strings.Fields(output), " ")
	if output == "" {
		return ""
	}
	return ": " + output[:min(len(output), maxOutput)]
}
