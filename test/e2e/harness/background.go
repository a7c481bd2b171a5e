package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Background is a run of the program that goes on beside a test.
type Background struct {
	args           []string
	cmd            *exec.Cmd
	stdout, stderr written
}

// written is what was written so far, and tells when there is more.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

// Write implements io.Writer.
func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.more)
	w.more = make(chan struct{})
	return w.text.Write(p)
}

func (w *written) soFar() (string, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String(), w.more
}

// Start runs the program as RunWith does, until Interrupt.
func (h *Host) Start(kubeconfig string, args ...string) (*Background, error) {
	b := &Background{args: args, cmd: exec.Command(h.Assets.CLI, args...)}
	b.stdout.more, b.stderr.more = make(chan struct{}), make(chan struct{})
	b.cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + h.Dir, "PATH=" + os.Getenv("PATH")}
	b.cmd.Stdout, b.cmd.Stderr = &b.stdout, &b.stderr
	b.cmd.WaitDelay = 10 * time.Second
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %q: %w", h.Assets.CLI, err)
	}
	return b, nil
}

// Await waits until standard output has a text.
func (b *Background) Await(ctx context.Context, text string) error {
	return b.AwaitThat(ctx, fmt.Sprintf("%q", text), func(out string) bool { return strings.Contains(out, text) })
}

// AwaitThat waits until standard output is as wanted; what names that.
func (b *Background) AwaitThat(ctx context.Context, what string, ok func(out string) bool) error {
	for {
		out, more := b.stdout.soFar()
		if ok(out) {
			return nil
		}
		select {
		case <-ctx.Done():
			said, _ := b.stderr.soFar()
			return fmt.Errorf("vclusterctl %s does not print %s: %w\nstdout: %s\nstderr: %s", strings.Join(b.args, " "), what, context.Cause(ctx), out, said)
		case <-more:
		}
	}
}

// Interrupt ends the run as Ctrl-C does.
func (b *Background) Interrupt() Result {
	err := b.cmd.Process.Signal(syscall.SIGINT)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	err = errors.Join(err, b.cmd.Wait())
	stdout, _ := b.stdout.soFar()
	stderr, _ := b.stderr.soFar()
	return resultOf(b.args, stdout, stderr, err)
}
