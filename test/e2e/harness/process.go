package harness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a program while it runs.
type Process struct {
	cmd            *exec.Cmd
	args           []string
	stdout, stderr bytes.Buffer
	failed         error
}

// Launch starts the program with a kubeconfig of its own, for who sends signals
// and waits.
func (h *Host) Launch(ctx context.Context, kubeconfig string, args ...string) *Process {
	p := h.process(ctx, kubeconfig, h.Assets.CLI, args...)
	p.failed = p.cmd.Start()
	return p
}

func (h *Host) process(ctx context.Context, kubeconfig, program string, args ...string) *Process {
	p := &Process{args: args, cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + h.Dir, "PATH=" + os.Getenv("PATH")}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if h.Echo != nil {
		p.cmd.Stderr = io.MultiWriter(&p.stderr, h.Echo)
	}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	return p
}

// Signal sends the program a signal.
func (p *Process) Signal(s os.Signal) error {
	if p.failed != nil {
		return p.failed
	}
	return p.cmd.Process.Signal(s)
}

// Wait waits until the program ends.
func (p *Process) Wait() Result {
	err := p.failed
	if err == nil {
		err = p.cmd.Wait()
	}
	return resultOf(p.args, p.stdout.String(), p.stderr.String(), err)
}

// resultOf reads how a program ended from what waiting for it returned.
func resultOf(args []string, stdout, stderr string, err error) Result {
	r := Result{Args: args, Stdout: stdout, Stderr: stderr}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.Code = exit.ExitCode()
	case err != nil:
		r.Code, r.Stderr = -1, r.Stderr+err.Error()
	}
	return r
}
