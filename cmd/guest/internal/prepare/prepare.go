package prepare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/facts"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/statedisk"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// Run prepares the node. What stops it is also left for the report, because a
// node that can't start must still be able to say why.
func Run(ctx context.Context, log *slog.Logger) error {
	if err := os.MkdirAll(node.RunDir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", node.RunDir, err)
	}
	outcome := Outcome{}
	err := run(ctx, log, &outcome)
	if err != nil {
		outcome.Problems = append(outcome.Problems, problemOf(err))
	}
	return errors.Join(err, outcome.save(OutcomeFile))
}

func run(ctx context.Context, log *slog.Logger, outcome *Outcome) error {
	config, configErr := ReadConfig(guestapi.NodeConfigFile)
	outcome.Config = config
	stateErr := mountState(ctx, config)
	if !config.ControlPlaneOnly {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
			return fmt.Errorf("share the mount tree: %w", err)
		}
	}
	outcome.Facts = facts.Gather(facts.Real(guestapi.StateDirOf(config.Distro)))
	if !config.ControlPlaneOnly { // what pods inside do without matters where some run
		outcome.Degraded = append(degraded(outcome.Facts), wholeNodeOOM(oomGroup)...)
	}
	if configErr != nil {
		return &Stop{Reason: "InvalidNodeConfig", Err: configErr}
	}
	if stateErr != nil {
		return stateErr
	}
	distro, err := distroOf(config)
	if err != nil {
		return err
	}
	inputs, err := gatherInputs(config, outcome.Facts, distro)
	if err != nil {
		return err
	}
	outcome.Node = inputs.Name
	if inputs.Config.Bare && !outcome.Facts.Kmsg {
		if err := silentKmsg(); err != nil {
			return err
		}
	}
	if err := write(inputs, distro); err != nil {
		return err
	}
	log.Info("node configured", "node", inputs.Name, "ip", inputs.IP, "role", inputs.Config.Role)
	if inputs.Config.Role == guestapi.RoleServer {
		return distro.credentials(inputs)
	}
	return nil
}

// mountState mounts the state volume of a node that has it as a block device.
func mountState(ctx context.Context, config guestapi.NodeConfig) error {
	if config.StateDevice == "" {
		return nil
	}
	if err := statedisk.New(config.StateDevice, guestapi.StateDirOf(config.Distro)).Mount(ctx); err != nil {
		return &Stop{Reason: "NoStateVolume", Err: err}
	}
	return nil
}

// write puts every file in place, the identity first: its guard must stop a
// node before anything touches its datastore.
func write(inputs node.Inputs, distro distro) error {
	files, err := node.Files(inputs)
	if err != nil {
		return &Stop{Reason: "InvalidNodeConfig", Err: err}
	}
	if err := distro.place(inputs); err != nil {
		return err
	}
	for _, file := range files {
		if err := writeFile(file); err != nil {
			return err
		}
	}
	if inputs.Config.ControlPlaneOnly {
		return nil // all that follows is for pods
	}
	if err := placeSeccompProfiles(guestapi.OwnStateDirOf(inputs.Config.Distro)); err != nil {
		return err
	}
	if err := forwarding(); err != nil {
		return err
	}
	return bridgeFilter(facts.BridgeFilter)
}

// silentKmsg gives a kubelet outside user namespaces the /dev/kmsg that it
// insists on for its OOM watcher. It reads as empty: the machine's own log is
// not the node's to read.
func silentKmsg() error {
	const mode = unix.S_IFCHR | 0o600
	if err := unix.Mknod("/dev/kmsg", mode, int(unix.Mkdev(1, 3))); err != nil { // the null device
		return fmt.Errorf("provide /dev/kmsg: %w", err)
	}
	return nil
}

// forwarding lets the node route for its pods. A pod's own network namespace
// starts with it off.
func forwarding() error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return &Stop{Reason: "NoForwarding", Err: fmt.Errorf("switch on net.ipv4.ip_forward: %w; the pod needs the capability NET_ADMIN, a writable /proc/sys (procMount Unmasked) and a network namespace of its own", err)}
	}
	return nil
}

// bridgeFilter stops a node whose kernel does not show it the packets between
// its own pods: flannel gives up there without saying why. No pod can load a
// module, so it is for whoever runs the machine to do.
func bridgeFilter(proof string) error {
	if _, err := os.Stat(proof); err != nil {
		return &Stop{Reason: "NoBridgeFilter", Err: fmt.Errorf("%w; the machine's kernel module br_netfilter is not loaded: run \"modprobe br_netfilter\" on the host's node, and name it in a file of /etc/modules-load.d for the next boot; then delete this pod", err)}
	}
	return nil
}

// degraded lists what this node does without.
func degraded(f guestapi.Facts) []guestapi.Problem {
	var found []guestapi.Problem
	if !node.Delegated(f.CgroupControllers) {
		found = append(found, guestapi.Problem{
			Reason:  "NoResourceLimits",
			Message: fmt.Sprintf("cgroup controllers %v were delegated; without cpu, memory and pids the limits of pods inside are not enforced", f.CgroupControllers),
		})
	}
	if f.Snapshotter != "overlayfs" {
		found = append(found, guestapi.Problem{
			Reason:  "NoOverlayfs",
			Message: "overlayfs can't be mounted on the state volume; images are copied instead, which costs time and space",
		})
	}
	return found
}
