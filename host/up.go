//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/rootfs"
)

// cleanupTimeout bounds what is still done after the caller gave up.
const cleanupTimeout = 30 * time.Second

// starter carries one Up from step to step.
type starter struct {
	options Options
	names   names
	report  Reporter

	archive     rootfs.Archive
	credentials credentials
	settings    settings
	machine     cgroups.Machine
	record      record
	files       map[string][]byte
	lower       string
	started     bool // by this Up
}

// Up starts the embedded host, waits until a pod can start on it, loads the
// images and adds the context. On a host that runs already it does only what
// is missing of that.
//
// If Up fails, or its context ends, before the node runs, it takes back what it
// made. After that the node keeps running, for another Up to wait for it or for
// Status to say what is wrong.
func Up(ctx context.Context, o Options, report Reporter) (Status, error) {
	o, n, err := begin(o)
	if err != nil {
		return Status{}, err
	}
	unlock, err := lock(ctx, n.lock, report)
	if err != nil {
		return Status{}, err
	}
	defer unlock()
	s := &starter{options: o, names: n, report: report}
	for _, step := range []func(context.Context) error{s.prepare, s.ensureRunning, s.ensureReady, s.loadImages, s.addContext} {
		if err := step(ctx); err != nil {
			return Status{}, err
		}
	}
	return s.finished(ctx)
}

// begin is where every command on a host begins: what is asked for, complete, the
// names of what the host is made of, and a user who may touch them.
func begin(o Options) (Options, names, error) {
	o, err := o.complete()
	if err == nil {
		err = checkMachine()
	}
	return o, namesOf(o), err
}

func checkMachine() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: it needs root: run the command with sudo", ErrUnsupported)
	}
	return nil
}

func (s *starter) finished(ctx context.Context) (Status, error) {
	status, err := inspect(ctx, s.options, s.names)
	if err == nil {
		s.report.say(StepReady, fmt.Sprintf("the host is ready at %s, with cgroup controllers: %s", status.Endpoint, listOrNone(status.Controllers)))
	}
	return status, err
}

// prepare gathers what the host is to be, and changes nothing that runs.
func (s *starter) prepare(context.Context) error {
	var err error
	if s.options.Image == "" {
		return fmt.Errorf("%w: name its archive", ErrNoImage)
	}
	if s.archive, err = rootfs.Open(s.options.Image); err != nil {
		return err
	}
	s.report.say(StepImage, fmt.Sprintf("image %s (%s)", s.archive.Ref, s.archive.ID))
	if s.settings, err = ensureSettings(s.options, s.names); err != nil {
		return err
	}
	if s.machine, err = cgroups.Detect("/"); err != nil {
		return err
	}
	s.credentials, err = ensureCredentials(s.names, time.Now())
	return err
}

// ensureRunning leaves a running host alone if it is the one that is wanted.
func (s *starter) ensureRunning(ctx context.Context) error {
	if err := readJSON(s.names.record, &s.record); err != nil {
		return fmt.Errorf("%w: run \"vclusterctl host down\" first", err)
	}
	if s.record.Init.Alive() {
		differs, err := s.differs()
		if err != nil || !differs {
			return err
		}
		if !s.options.Restart {
			return fmt.Errorf("%w: to restart it, and with it every virtual cluster on it, run \"vclusterctl host down\" and \"vclusterctl host up\"", ErrRestartNeeded)
		}
		s.report.say(StepStop, "stopping the host: its image or configuration changes")
	}
	return s.restart(ctx)
}

// restart starts the host after removing whatever there is of an earlier run.
func (s *starter) restart(ctx context.Context) error {
	if err := stop(ctx, s.options, s.names, s.report); err != nil {
		return fmt.Errorf("remove what an earlier run left: %w", err)
	}
	return s.start(ctx)
}

// differs says whether the running host is another than the wanted one.
func (s *starter) differs() (bool, error) {
	if err := s.buildFiles(s.record.Cgroup.Controllers, s.record.Boot); err != nil {
		return false, err
	}
	return s.record.ImageID != s.archive.ID || s.record.ConfigHash != configHash(s.files), nil
}

// start makes everything that the node needs and starts it, or takes it all
// back.
func (s *starter) start(ctx context.Context) error {
	steps := []func(context.Context) error{s.loadModules, s.unpack, s.makeCgroup, s.configure, s.makeNetwork, s.mount, s.run}
	for _, step := range steps {
		err := ctx.Err()
		if err == nil {
			err = step(ctx)
		}
		if err != nil {
			return errors.Join(err, s.takeBack(ctx))
		}
	}
	s.started = true
	return nil
}

// takeBack cleans up even if it was the caller's giving up that stopped us.
func (s *starter) takeBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return stop(ctx, s.options, s.names, nil)
}

func (s *starter) save() error { return writeJSON(s.names.record, s.record) }
