package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/progress"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// await follows the cluster until every phase has passed, or until it is
// paused where that is what was asked for.
func (o *CreateOptions) await(ctx context.Context, t *target) (*v1alpha1.VirtualCluster, error) {
	ctx, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	display := o.display()
	defer display.Close()
	var last *v1alpha1.VirtualCluster
	var watched phase.Watched
	var phases []phase.Phase
	err := wait.Until(ctx, t.client, t.empty(), &v1alpha1.VirtualClusterList{}, func(vc *v1alpha1.VirtualCluster, exists bool) (bool, error) {
		if !exists {
			return false, t.deletedMeanwhile()
		}
		last = vc
		if isPaused(vc) && o.mayPause {
			return true, nil
		}
		phases = watched.Of(vc)
		display.Update(phases)
		return phase.Done(phases), t.failure(vc)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, o.timedOut(t, phases)
	}
	if errors.Is(err, context.Canceled) {
		return nil, cli.Interrupted("Nothing is lost: it goes on by itself. Say the same again to keep waiting.")
	}
	return last, err
}

func (t *target) deletedMeanwhile() error {
	return cli.NotFound("", "virtual cluster %q in namespace %q was deleted while it was waited for", t.name, t.namespace)
}

// failure is the error that ends waiting early.
func (t *target) failure(vc *v1alpha1.VirtualCluster) error {
	fault := phase.Failure(vc)
	if fault == nil {
		return nil
	}
	code := cli.ExitError
	if fault.Preflight {
		code = cli.ExitRefused
	}
	remedy := ""
	if fault.Preflight {
		remedy = "Find out what nodes lack, and how to fix it, with: " + t.Command("doctor", "-n", t.namespace) + "\n"
	}
	remedy += t.runtimeRemedy(vc, fault)
	if fault.Reason == v1alpha1.ReasonPaused {
		remedy = "Start its nodes with: " + t.command("resume") + "\n"
	}
	return &cli.Error{
		Code:   code,
		Err:    fmt.Errorf("virtual cluster %q in namespace %q cannot go on: %s: %s", t.name, t.namespace, fault.Reason, fault.Message),
		Remedy: remedy + "See more with: " + t.command("describe") + "\nTake it away with: " + t.command("delete"),
	}
}

func (o *CreateOptions) timedOut(t *target, phases []phase.Phase) error {
	return cli.TimedOut(
		"Nothing is lost: it goes on by itself. Say the same again to keep waiting.\nSee more with: "+t.command("describe"),
		"virtual cluster %q in namespace %q is not ready after %s%s", t.name, t.namespace, o.Timeout, waitingFor(phases))
}

func waitingFor(phases []phase.Phase) string {
	for _, p := range phases {
		if p.State == phase.Active && p.Detail != "" {
			return fmt.Sprintf(", waiting for %q: %s", p.Name, p.Detail)
		}
		if p.State == phase.Active {
			return fmt.Sprintf(", waiting for %q", p.Name)
		}
	}
	return ""
}

// display is the one that fits where standard error goes.
func (o *CreateOptions) display() progress.Display {
	if !o.ErrTTY {
		return progress.NewLog(o.ErrOut, o.Now)
	}
	return progress.NewChecklist(o.ErrOut, terminalWidth(), o.Color, o.Now)
}

func terminalWidth() int {
	if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// withTimeout is context.WithTimeout where 0 means for ever.
func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}
