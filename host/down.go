//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/network"
	"github.com/vclusterctl/vclusterctl/host/internal/rootfs"
)

// Down stops the embedded host and removes everything of it but its state, and
// with Options.Purge that, too. Where nothing is left to stop or remove it does
// nothing. An error names what it had to leave behind.
func Down(ctx context.Context, o Options, report Reporter) error {
	o, n, err := begin(o)
	if err != nil {
		return err
	}
	unlock, err := lock(ctx, n.lock, report)
	if err != nil {
		return err
	}
	defer unlock()
	if err := stop(ctx, o, n, report); err != nil {
		return err
	}
	if err := removeContext(ctx, o); err != nil {
		return err
	}
	if !o.Purge {
		return nil
	}
	report.say(StepClean, "removing the host's state")
	return purge(o, n)
}

func removeContext(ctx context.Context, o Options) error {
	if o.Contexts == nil {
		return nil
	}
	_, err := o.Contexts.Remove(ctx, o.ContextName(), o.owner())
	return err
}

func purge(o Options, n names) error {
	if err := os.RemoveAll(n.state); err != nil {
		return fmt.Errorf("remove the host's state: %w", err)
	}
	_ = os.Remove(o.StateRoot) // stays if there is more in it
	return nil
}

// stop ends one run of the host, however far it got. It tries every part even
// if one fails, and then looks whether anything is left.
func stop(ctx context.Context, o Options, n names, report Reporter) error {
	var r record
	readErr := readJSON(n.record, &r)
	machine, detectErr := cgroups.Detect("/")
	if err := shutDown(ctx, o, r, report); err != nil {
		return err
	}
	err := errors.Join(
		killAll(ctx, machine, n),
		rootfs.Overlay{Scratch: n.scratch, Target: n.root}.Unmount(),
		network.Down(n.network),
		restoreForwarding(n, r),
		removeCgroups(machine, n),
		rootfs.Unmount(n.cgroup2),
	)
	if err != nil {
		return errors.Join(err, readErr, detectErr)
	}
	if err := os.RemoveAll(n.run); err != nil {
		return fmt.Errorf("remove the directory of this run: %w", err)
	}
	return checkLeftovers(o)
}

// killAll kills what is left in the host's cgroup: nothing, after an orderly
// stop.
func killAll(ctx context.Context, m cgroups.Machine, n names) error {
	var errs []error
	for _, dir := range hostCgroups(m, n) {
		if _, err := os.Stat(dir + "/cgroup.kill"); err == nil {
			errs = append(errs, cgroups.Kill(ctx, dir))
		}
	}
	return errors.Join(errs...)
}

func removeCgroups(m cgroups.Machine, n names) error {
	var errs []error
	for _, dir := range hostCgroups(m, n) {
		errs = append(errs, cgroups.Remove(dir))
	}
	return errors.Join(errs...)
}

// hostCgroups lists the host's cgroups in all hierarchies.
func hostCgroups(m cgroups.Machine, n names) []string {
	if m.Mount == "" {
		m.Mount = n.cgroup2
	}
	return m.Dirs(n.id)
}

// restoreForwarding switches forwarding off where Up had to switch it on. While
// another embedded host runs, that one needs it.
func restoreForwarding(n names, r record) error {
	if !r.Forwarding {
		return nil
	}
	others, err := network.OtherHosts(n.network)
	if err != nil || others {
		return err
	}
	return network.SetForwarding(false)
}

func checkLeftovers(o Options) error {
	left, err := Leftovers(o)
	if err != nil {
		return fmt.Errorf("look for what is left of the host: %w", err)
	}
	if len(left) > 0 {
		return fmt.Errorf("the host is stopped, but left behind: %s", strings.Join(left, "; "))
	}
	return nil
}
