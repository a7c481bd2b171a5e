package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// runner runs programs.
type runner interface {
	run(ctx context.Context, c command) (string, error)
}

// executor runs programs for real. A program that fails shows all it said.
type executor struct{}

// command is one program to run.
type command struct {
	dir  string
	env  []string // added to the environment
	args []string
}

// run runs a command and returns what it wrote to its standard output.
func (executor) run(ctx context.Context, c command) (string, error) {
	var out, all bytes.Buffer
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout = io.MultiWriter(&out, &all)
	cmd.Stderr = &all
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, strings.TrimSpace(all.String()))
	}
	return strings.TrimSpace(out.String()), nil
}
