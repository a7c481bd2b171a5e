package harness

import (
	"context"
	"fmt"
	"strings"
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
	return h.Launch(ctx, kubeconfig, args...).Wait()
}
