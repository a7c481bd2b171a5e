//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/process"
)

const (
	// poweroff is what systemd as PID 1 takes for an orderly shutdown:
	// SIGRTMIN+3. Other signals mean other things to it, or nothing.
	poweroff = unix.Signal(37)
	systemd  = "systemd"
	// lastStage is the program that systemd becomes once all its units have
	// stopped, cut as the kernel cuts it.
	lastStage = "systemd-shutdow"

	// How long the parts of a shutdown may take before they are cut short.
	kubeletGrace = 5 * time.Second
	podGrace     = 15 * time.Second
	nodeGrace    = 45 * time.Second
)

// shutDown stops the node in order: the kubelet, so that it starts nothing
// again; the pods, among them the nodes of virtual clusters with their data;
// then the node itself.
func shutDown(ctx context.Context, o Options, r record, report Reporter) error {
	init, err := r.Init.Open()
	if errors.Is(err, process.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer init.Close()
	report.say(StepStop, "stopping the node")
	stopKubelet(ctx, r)
	if err := stopPods(ctx, r); err != nil {
		report.warn(StepStop, err.Error())
	}
	if err := powerOff(ctx, init, r, min(o.Timeout, nodeGrace)); err != nil {
		return fmt.Errorf("stop the node: %w", err)
	}
	return nil
}

// stopKubelet does what it can: a node in trouble may have no kubelet to stop,
// or no systemd to ask.
func stopKubelet(ctx context.Context, r record) {
	ctx, cancel := context.WithTimeout(ctx, kubeletGrace)
	defer cancel()
	_, _ = inside(r).Run(ctx, nil, "systemctl", "stop", "kubelet.service")
}

// pod is the first process of a container on the node, and the signal that
// stops it in order.
type pod struct {
	*process.Handle
	signal unix.Signal
}

// stopPods asks the first process of every container on the node to stop, and
// gives all of them one grace period.
func stopPods(ctx context.Context, r record) error {
	ctx, cancel := context.WithTimeout(ctx, podGrace)
	defer cancel()
	pods, err := findPods(r)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range pods {
		defer p.Close()
		errs = append(errs, p.Signal(p.signal))
	}
	for _, p := range pods {
		// What does not stop in time is killed with the node.
		_ = p.Wait(ctx)
	}
	return errors.Join(errs...)
}

// findPods opens the first process of every container on the node: those that
// are PID 1 one level below the node. Containers of virtual clusters are deeper
// and their node's business.
func findPods(r record) ([]pod, error) {
	node, err := process.ReadStatus(r.Init.PID)
	if err != nil {
		return nil, err
	}
	pids, err := cgroups.Processes(r.Cgroup.Dir)
	if err != nil {
		return nil, err
	}
	var pods []pod
	for _, pid := range pids {
		status, err := process.ReadStatus(pid)
		if err != nil || !status.First || status.Depth != node.Depth+1 {
			continue
		}
		if p, ok := openPod(pid, status); ok {
			pods = append(pods, p)
		}
	}
	return pods, nil
}

// openPod leaves out what has just stopped, and what no signal would stop: the
// pause processes of pods, and everything else that did not expect to be PID 1.
func openPod(pid int, status process.Status) (pod, bool) {
	p := pod{signal: unix.SIGTERM}
	if process.Command(pid) == systemd {
		p.signal = poweroff
	}
	if !status.Hears(p.signal) {
		return pod{}, false
	}
	id, err := process.Identify(pid)
	if err != nil {
		return pod{}, false
	}
	p.Handle, err = id.Open()
	return p, err == nil
}

// powerOff has the node stop its units. It does not wait for what comes after:
// systemd would wait for processes that take no notice of it.
func powerOff(ctx context.Context, init *process.Handle, r record, grace time.Duration) error {
	if err := init.Signal(poweroff); err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := init.WaitOr(timed, func() bool { return process.Command(r.Init.PID) == lastStage })
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return errors.Join(init.Signal(unix.SIGKILL), init.Wait(ctx))
}
