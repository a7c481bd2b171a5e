package serve

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/network"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/rejoin"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// stayMember brings this node back whenever its cluster has lost it.
func (n *thisNode) stayMember(ctx context.Context) error {
	leftovers := network.NewLeftovers(stopSandbox(node.ContainerdAddress(n.config.Distro)), n.log)
	looker := &rejoin.Looker{
		Node: n.name, Kubeconfig: node.KubeletAccess(n.config),
		Subnet: network.Subnet, Settle: leftovers.Settle,
	}
	watch := &rejoin.Watch{
		Node: n.name, Units: rejoin.UnitsOf(n.config), Joined: n.wasMember,
		Look: looker.Look, Restart: restartUnit,
		Report: func(p *guestapi.Problem) { n.store.SetProblem("membership", p) },
		Now:    time.Now, Log: n.log,
	}
	ticker := time.NewTicker(rejoin.Every)
	defer ticker.Stop()
	watch.Run(ctx, ticker.C)
	return nil
}

// wasMember says whether this node has joined its cluster in this boot.
func (n *thisNode) wasMember() bool {
	current := n.store.Current()
	if n.role == guestapi.RoleServer {
		return passed(&current, guestapi.MilestoneNode)
	}
	return passed(&current, guestapi.MilestoneJoined)
}

// restartUnit restarts a unit if it runs. It does not wait: a unit may be long
// in starting.
func restartUnit(ctx context.Context, unit string) error {
	conn, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("reach systemd: %w", err)
	}
	defer conn.Close()
	if _, err := conn.TryRestartUnitContext(ctx, unit, "replace", nil); err != nil {
		return fmt.Errorf("restart %s: %w", unit, err)
	}
	return nil
}

// stopSandbox ends the one process of a pod's sandbox. The kubelet sees that, and
// makes the pod anew, network and all. One that is gone has only left its
// address noted, which the container runtime tidies up.
func stopSandbox(address string) func(context.Context, string) error {
	return func(ctx context.Context, sandbox string) error {
		out, err := exec.CommandContext(ctx, "ctr", "--address", address, "--namespace", "k8s.io",
			"tasks", "kill", "--signal", "SIGKILL", sandbox).CombinedOutput()
		if err != nil && !strings.Contains(string(out), "not found") {
			return fmt.Errorf("ctr tasks kill: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	}
}
