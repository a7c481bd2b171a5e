package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/facts"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
)

// Run tries everything once and leaves the report. What does not work is a
// finding; an error is what keeps the report from being left.
func Run(ctx context.Context, log *slog.Logger) error {
	report, err := gather(ctx, here()).Encode()
	if err != nil {
		// The reader shows what is no report as it is.
		report = []byte(err.Error())
	}
	log.Info("probed", "report", string(report))
	return errors.Join(err, leave(finding.MessagePath, report))
}

// leave writes into the file that the runtime has put there. The file is the
// host's: it can be written, and neither made nor replaced.
func leave(path string, report []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("leave the report for the kubelet: %w", err)
	}
	_, err = f.Write(report)
	return errors.Join(err, f.Close())
}

// node is what findings are made of.
type node struct {
	facts.System
	// Run runs a program of the image.
	run func(ctx context.Context, c command) error
	// setSysctl writes what it reads, or another value.
	setSysctl func() error
}

func here() node {
	return node{System: facts.Real(finding.StateDir), run: execute, setSysctl: forwarding}
}

// forwarding sets a sysctl of the pod's own network, as the first thing that
// every node does.
func forwarding() error {
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
}

// gather tries everything, in the order in which one explains the next.
func gather(ctx context.Context, n node) finding.Report {
	found := facts.Gather(n.System)
	findings := identity(n, found)
	findings = append(findings,
		n.mount(ctx),
		tried(finding.Cgroup, n.TryCgroup(), "a cgroup below the pod's own was made"),
		controllers(found.CgroupControllers),
		tried(finding.Overlay, n.TryOverlay(), "overlayfs was mounted on the state"),
		tried(finding.Sysctls, n.setSysctl(), "net.ipv4.ip_forward was set"),
		tried(finding.Kmsg, n.TryKmsg(), "/dev/kmsg was opened"),
		n.bridgeFilter(),
	)
	for _, a := range attempts() {
		findings = append(findings, tried(a.name, n.all(ctx, a.commands), a.found))
	}
	return finding.New(findings)
}

// all runs commands until one fails.
func (n node) all(ctx context.Context, commands []command) error {
	for _, c := range commands {
		if err := n.run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// tried is a finding about something that works or does not.
func tried(name string, err error, worked string) finding.Finding {
	if err != nil {
		return finding.Finding{Name: name, Found: err.Error()}
	}
	return finding.Finding{Name: name, OK: true, Found: worked}
}
