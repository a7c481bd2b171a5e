//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/guest"
	"github.com/vclusterctl/vclusterctl/host/internal/network"
	"github.com/vclusterctl/vclusterctl/host/internal/process"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// askTimeout bounds each question to a node that may be in trouble.
const askTimeout = 5 * time.Second

// GetStatus says how the embedded host is.
func GetStatus(ctx context.Context, o Options) (Status, error) {
	o, n, err := begin(o)
	if err != nil {
		return Status{}, err
	}
	return inspect(ctx, o, n)
}

func inspect(ctx context.Context, o Options, n names) (Status, error) {
	status := Status{Name: o.Name, Context: o.ContextName()}
	var kept settings
	if err := readJSON(n.settings, &kept); err != nil {
		return status, err
	}
	if kept.Plan.Subnet.IsValid() {
		status.StateDir, status.Endpoint = n.state, endpoint(kept.Plan)
	}
	var r record
	if err := readJSON(n.record, &r); err != nil {
		return status, err
	}
	if !r.Init.Alive() {
		return stopped(o, status)
	}
	status.Running = true
	status.PID, status.StartedAt = r.Init.PID, r.StartedAt
	status.ImageRef, status.ImageID = r.ImageRef, r.ImageID
	status.NodeAddress = r.Plan.NodeAddr().String()
	status.Endpoint = endpoint(r.Plan)
	status.PodCIDR, status.ServiceCIDR = r.Plan.PodCIDR.String(), r.Plan.ServiceCIDR.String()
	status.CgroupMode, status.Cgroup = string(r.CgroupMode), r.Cgroup.Dir
	askGuest(ctx, &status, n, r)
	askSystemd(ctx, &status, r)
	addCgroupProblems(&status, r)
	addNetworkProblems(&status, n)
	return status, nil
}

// stopped is the status of a host that does not run, which is fine unless
// something of an earlier run is left.
func stopped(o Options, status Status) (Status, error) {
	left, err := Leftovers(o)
	if err != nil {
		return status, err
	}
	if len(left) > 0 {
		status.Problems = append(status.Problems, guestapi.Problem{
			Reason:  "Leftovers",
			Message: fmt.Sprintf("the host is not running, but there is still: %s: run \"vclusterctl host down\"", strings.Join(left, "; ")),
		})
	}
	return status, nil
}

// endpoint is the address of the host's API, which is the same for as long as
// the host's state is kept.
func endpoint(plan network.Plan) string {
	return "https://" + net.JoinHostPort(plan.NodeAddr().String(), "6443")
}

// guestClient returns the client for the guest of a running host.
func guestClient(n names, r record) (*guest.Client, error) {
	join, err := readDir(n.join)
	if err != nil {
		return nil, fmt.Errorf("read the host's join credentials: %w", err)
	}
	return guest.New(r.Plan.NodeAddr(), join[guestapi.JoinCACert], string(join[guestapi.JoinGuestToken]))
}

// askGuest adds what the guest reports.
func askGuest(ctx context.Context, status *Status, n names, r record) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	client, err := guestClient(n, r)
	var report guestapi.Report
	if err == nil {
		defer client.Close()
		report, err = client.Report(ctx)
	}
	if err == nil && report.Boot != r.Boot {
		err = errors.New("the report is about another boot")
	}
	if err != nil {
		status.Problems = append(status.Problems, guestapi.Problem{
			Reason: "GuestSilent", Message: fmt.Sprintf("the node does not report: %v: it may still be starting; if it stays so, see \"vclusterctl host status -v\"", err),
		})
		return
	}
	status.Report = &report
	status.Ready = report.Schedulable
	status.Version = report.Version
	status.Problems = append(status.Problems, report.Problems...)
	status.Degraded = append(status.Degraded, report.Degraded...)
}

// askSystemd adds the units that failed.
func askSystemd(ctx context.Context, status *Status, r record) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := inside(r).Run(ctx, nil, "systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager")
	if err != nil {
		status.Problems = append(status.Problems, guestapi.Problem{
			Reason: "SystemdSilent", Message: fmt.Sprintf("the node's systemd does not answer: %v", err),
		})
		return
	}
	status.FailedUnits = parseUnits(out)
	for _, unit := range status.FailedUnits {
		status.Problems = append(status.Problems, guestapi.Problem{
			Reason: "UnitFailed", Message: fmt.Sprintf("unit %q has failed on the node: see its journal with \"nsenter -t %d -a journalctl -u %s\"", unit, r.Init.PID, unit),
		})
	}
}

// parseUnits reads the first column of what systemctl lists.
func parseUnits(text string) []string {
	var units []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			units = append(units, fields[0])
		}
	}
	slices.Sort(units)
	return units
}

// addCgroupProblems says what the machine's cgroups lack.
func addCgroupProblems(status *Status, r record) {
	controllers, err := cgroups.Controllers(r.Cgroup.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		status.Problems = append(status.Problems, guestapi.Problem{Reason: "CgroupUnreadable", Message: err.Error()})
		return
	}
	status.Controllers = controllers
	missing := missingControllers(controllers)
	if len(missing) > 0 && r.CgroupMode != cgroups.Unified {
		status.Degraded = append(status.Degraded, guestapi.Problem{
			Reason: "MissingControllers",
			Message: fmt.Sprintf("the node has no cgroup controllers %s, so limits of pods have no effect: to get them boot the machine with systemd.unified_cgroup_hierarchy=1",
				strings.Join(missing, ", ")),
		})
	}
	for _, refused := range r.Cgroup.Refused {
		status.Degraded = append(status.Degraded, guestapi.Problem{
			Reason: "ControllerRefused", Message: fmt.Sprintf("the machine's kernel did not delegate controller %s", refused),
		})
	}
}

// addNetworkProblems says what keeps the node from reaching more than this
// machine.
func addNetworkProblems(status *Status, n names) {
	blockers, err := network.ForwardingBlockers()
	if err != nil {
		status.Degraded = append(status.Degraded, guestapi.Problem{Reason: "FirewallUnreadable", Message: err.Error()})
		return
	}
	if len(blockers) > 0 {
		status.Degraded = append(status.Degraded, guestapi.Problem{
			Reason: "ForwardingBlocked",
			Message: fmt.Sprintf("this machine's firewall drops forwarded packets by default (chain %s), so the node may reach nothing beyond it: allow packets from and to link %q there",
				strings.Join(blockers, ", "), n.network.Link),
		})
	}
}

func inside(r record) process.Inside {
	return process.Inside{ID: r.Init, CgroupMount: r.CgroupMount}
}
