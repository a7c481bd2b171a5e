package nodeinstall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
)

// Services restarts services of the node.
type Services interface {
	// Active is the one of the units that runs.
	Active(ctx context.Context, units []string) (string, error)
	// Restart comes back when the unit is up, or is known not to come up.
	Restart(ctx context.Context, unit string) error
}

// CRI asks the container runtime of the node.
type CRI interface {
	Status(ctx context.Context) (Status, error)
}

// Status is what a container runtime says of itself.
type Status struct {
	// Ready is true if it can run containers.
	Ready bool
	// Handlers that it has.
	Handlers []string
}

// Outcome says what was done on the node.
type Outcome string

// The outcomes.
const (
	Unchanged Outcome = "unchanged"
	// Changed is without a restart of the container runtime.
	Changed   Outcome = "changed"
	Restarted Outcome = "restarted"
)

// Installer changes a node.
type Installer struct {
	// Kind of the node.
	Kind     nodesetup.Kind
	Files    Files
	Services Services
	CRI      CRI
	// Check has the node's own program read the new configuration; nil where
	// that cannot be done without a restart.
	Check func(context.Context) error
	// After is the clock, Timeout how long the container runtime may take to
	// come back.
	After   func(time.Duration) <-chan time.Time
	Timeout time.Duration
	// Say is told what is being done.
	Say func(format string, args ...any)
}

// ErrDown means the worst: neither the new nor the old configuration has
// brought the container runtime back.
var ErrDown = errors.New("the container runtime does not come back with its old configuration either")

// unsettledError is about a node that is neither as it was nor as it was to be; the
// journal stays there.
type unsettledError struct{ error }

// Unwrap gives what went wrong.
func (e unsettledError) Unwrap() error { return e.error }

// Install carries out a plan of nodesetup.Make.
func (i *Installer) Install(ctx context.Context, plan nodesetup.Plan) (Outcome, error) {
	return i.apply(ctx, plan, true)
}

// Uninstall carries out a plan of nodesetup.Undo.
func (i *Installer) Uninstall(ctx context.Context, plan nodesetup.Plan) (Outcome, error) {
	return i.apply(ctx, plan, false)
}

func (i *Installer) apply(ctx context.Context, plan nodesetup.Plan, wanted bool) (Outcome, error) {
	status, err := i.CRI.Status(ctx)
	if err != nil {
		return Unchanged, fmt.Errorf("the container runtime does not answer at %s, so nothing is changed: %w", plan.Socket, err)
	}
	changes, err := i.Files.changes(plan)
	if err != nil {
		return Unchanged, err
	}
	restart := slices.Contains(status.Handlers, plan.Handler) != wanted ||
		slices.ContainsFunc(changes, func(c change) bool { return c.to.Role == nodesetup.RoleConfig })
	if len(changes) == 0 && !restart {
		return Unchanged, nil
	}
	unit := ""
	if restart {
		if unit, err = i.Services.Active(ctx, plan.Units); err != nil {
			return Unchanged, fmt.Errorf("find the container runtime's service: %w", err)
		}
	}
	return i.change(ctx, plan.Handler, wanted, unit, changes)
}

// change writes the files and restarts the unit, if there is one to be
// restarted. Whatever fails is put back.
func (i *Installer) change(ctx context.Context, handler string, wanted bool, unit string, changes []change) (Outcome, error) {
	if err := i.Files.writeJournal(i.Kind, changes); err != nil {
		return Unchanged, err
	}
	for _, c := range changes {
		i.Say("%s", describe(c))
		if err := i.Files.do(c); err != nil {
			return Unchanged, i.putBack(ctx, err, changes, "")
		}
	}
	if unit == "" {
		return Changed, i.Files.remove(Journal)
	}
	if i.Check != nil {
		if err := i.Check(ctx); err != nil {
			return Unchanged, i.putBack(ctx, fmt.Errorf("the container runtime would not read its new configuration: %w", err), changes, "")
		}
	}
	i.Say("restarting %s", unit)
	if err := i.restart(ctx, unit, func(s Status) error { return hasHandler(s, handler, wanted) }); err != nil {
		return Unchanged, i.putBack(ctx, err, changes, unit)
	}
	return Restarted, i.Files.remove(Journal)
}

func describe(c change) string {
	if c.to.Remove {
		return "removing " + c.to.Path
	}
	return "writing " + c.to.Path
}

func hasHandler(s Status, handler string, wanted bool) error {
	switch has := slices.Contains(s.Handlers, handler); {
	case wanted && !has:
		return fmt.Errorf("it runs, but without the handler %q", handler)
	case !wanted && has:
		return fmt.Errorf("it runs, but still with the handler %q", handler)
	}
	return nil
}

// restart restarts a unit and waits until the container runtime answers as it
// should.
func (i *Installer) restart(ctx context.Context, unit string, good func(Status) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, i.Timeout, fmt.Errorf("not within %s", i.Timeout))
	defer cancel()
	if err := i.Services.Restart(ctx, unit); err != nil {
		return fmt.Errorf("restart %s: %w", unit, err)
	}
	for {
		err := i.answers(ctx, good)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the container runtime after the restart of %s: %w: %w", unit, context.Cause(ctx), err)
		case <-i.After(pause):
		}
	}
}

// pause between two questions: nothing tells when the runtime has come back.
const pause = 250 * time.Millisecond

func (i *Installer) answers(ctx context.Context, good func(Status) error) error {
	status, err := i.CRI.Status(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("it does not answer: %w", err)
	case !status.Ready:
		return errors.New("it answers, but is not ready to run containers")
	}
	return good(status)
}

// putBack undoes changes, also where it is the caller that has given up. With a
// unit the container runtime was restarted, and has to be again.
func (i *Installer) putBack(ctx context.Context, cause error, changes []change, unit string) error {
	ctx = context.WithoutCancel(ctx)
	i.Say("putting everything back: %v", cause)
	var failed error
	for _, c := range slices.Backward(changes) {
		failed = errors.Join(failed, i.Files.restore(c.before))
	}
	if unit != "" {
		if err := i.restart(ctx, unit, func(Status) error { return nil }); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%w (look at: journalctl -u %s): %w", ErrDown, unit, err))
		}
	}
	if failed != nil {
		return unsettledError{fmt.Errorf("%w; and putting it back: %w; what was there before is in %s", cause, failed, Journal)}
	}
	if err := i.Files.remove(Journal); err != nil {
		return fmt.Errorf("%w; everything was put back, but: %w", cause, err)
	}
	return fmt.Errorf("%w; everything was put back as it was", cause)
}

// Recover puts back what a run that was cut off has left, and says whether there
// was any. The container runtime may be down because of it.
func (i *Installer) Recover(ctx context.Context, units []string) (bool, error) {
	j, err := i.Files.readJournal()
	if err != nil || j == nil {
		return false, err
	}
	i.Say("putting back what a run that was cut off has left")
	for _, before := range slices.Backward(j.Before) {
		if err := i.Files.restore(before); err != nil {
			return true, fmt.Errorf("put back what a run that was cut off has left: %w", err)
		}
	}
	unit, err := i.Services.Active(ctx, units)
	if err != nil {
		return true, fmt.Errorf("put back what a run that was cut off has left: %w", err)
	}
	if err := i.restart(ctx, unit, func(Status) error { return nil }); err != nil {
		return true, fmt.Errorf("put back what a run that was cut off has left: %w", err)
	}
	return true, i.Files.remove(Journal)
}
