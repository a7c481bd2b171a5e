package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Result is how a run of the program ended.
type Result struct {
	Args           []string
	Stdout, Stderr string
	Code           int
}

// String is for messages.
func (r Result) String() string {
	return fmt.Sprintf("vclusterctl %s: exit code %d\nstdout: %s\nstderr: %s", strings.Join(r.Args, " "), r.Code, r.Stdout, r.Stderr)
}

// Run runs the program against the host with nothing of the caller's
// environment but the path.
func (h *Host) Run(ctx context.Context, args ...string) Result {
	return h.RunWith(ctx, h.Kubeconfig, args...)
}

// RunWith does the same with a kubeconfig of its own.
func (h *Host) RunWith(ctx context.Context, kubeconfig string, args ...string) Result {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, h.Assets.CLI, args...)
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + h.Dir, "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	r := Result{Args: args, Stdout: stdout.String(), Stderr: stderr.String()}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.Code = exit.ExitCode()
	case err != nil:
		r.Code, r.Stderr = -1, r.Stderr+err.Error()
	}
	return r
}
