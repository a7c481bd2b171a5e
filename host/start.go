//go:build linux

package host

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/network"
	"github.com/vclusterctl/vclusterctl/host/internal/oci"
	"github.com/vclusterctl/vclusterctl/host/internal/rootfs"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func (s *starter) unpack(ctx context.Context) error {
	if _, err := os.Stat(rootfs.Dir(s.names.images, s.archive.ID)); err != nil {
		s.report.say(StepUnpack, "unpacking the image")
	}
	lower, err := s.archive.Unpack(ctx, s.names.images)
	if err != nil {
		return err
	}
	s.lower = lower
	return rootfs.Prune(s.names.images, s.archive.ID)
}

// makeCgroup makes the cgroup that the node gets as its root. On a machine that
// has the unified hierarchy nowhere it is mounted for us.
func (s *starter) makeCgroup(context.Context) error {
	mount := s.machine.Mount
	if mount == "" {
		if err := mountCgroup2(s.names.cgroup2); err != nil {
			return err
		}
		mount = s.names.cgroup2
	}
	group, err := cgroups.Create(mount, s.names.id)
	if err != nil {
		return err
	}
	s.record = record{CgroupMode: s.machine.Mode, CgroupMount: mount, Cgroup: group}
	message := fmt.Sprintf("cgroup %s (%s hierarchy), controllers: %s", group.Dir, s.machine.Mode, listOrNone(group.Controllers))
	if missing := missingControllers(group.Controllers); len(missing) > 0 {
		s.report.warn(StepCgroup, message+"; without "+strings.Join(missing, ", ")+" limits of pods have no effect")
		return nil
	}
	s.report.say(StepCgroup, message)
	return nil
}

func mountCgroup2(target string) error {
	if err := os.MkdirAll(target, 0o700); err != nil {
		return fmt.Errorf("make the mount point of the cgroup hierarchy: %w", err)
	}
	if err := unix.Mount("cgroup2", target, "cgroup2", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount the unified cgroup hierarchy: %w: the kernel needs cgroup v2", err)
	}
	return nil
}

// missingControllers lists what a kubelet wants and the node does not have.
func missingControllers(got []string) []string {
	var missing []string
	for _, c := range []string{"cpu", "cpuset", "io", "memory", "pids"} {
		if !slices.Contains(got, c) {
			missing = append(missing, c)
		}
	}
	return missing
}

func listOrNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// configure writes what the node is told.
func (s *starter) configure(context.Context) error {
	boot := rand.Text()
	if err := s.buildFiles(s.record.Cgroup.Controllers, boot); err != nil {
		return err
	}
	s.record.Boot, s.record.ImageID, s.record.ImageRef = boot, s.archive.ID, s.archive.Ref
	s.record.ConfigHash, s.record.Plan = configHash(s.files), s.settings.Plan
	if err := os.MkdirAll(s.names.run, 0o700); err != nil {
		return fmt.Errorf("make the directory of this run: %w", err)
	}
	if err := replaceDir(s.names.config, s.files); err != nil {
		return err
	}
	return s.save()
}

func (s *starter) buildFiles(controllers []string, boot string) error {
	in := nodeInput{
		plan: s.settings.Plan, runtime: s.options.Runtime, boot: boot,
		identity: s.credentials.identity.Files(), join: s.credentials.join,
	}
	var err error
	if s.options.Runtime.Containerd != nil {
		if in.dropIns, err = s.options.Runtime.Containerd(controllers); err != nil {
			return fmt.Errorf("configure the container runtime: %w", err)
		}
	}
	s.files, err = nodeFiles(in)
	return err
}

func (s *starter) makeNetwork(context.Context) error {
	outbound, err := network.HasDefaultRoute()
	if err != nil {
		return err
	}
	if outbound {
		if err := s.forward(); err != nil {
			return err
		}
	}
	if err := network.Up(s.names.network, s.settings.Plan, outbound); err != nil {
		return err
	}
	message := fmt.Sprintf("node address %s", s.settings.Plan.NodeAddr())
	if !outbound {
		message += "; this machine has no default route, so the node reaches nothing else"
	}
	s.report.say(StepNetwork, message)
	return nil
}

// forward switches on forwarding, after writing down that it was off.
func (s *starter) forward() error {
	on, err := network.Forwarding()
	if err != nil || on {
		return err
	}
	s.record.Forwarding = true
	if err := s.save(); err != nil {
		return err
	}
	return network.SetForwarding(true)
}

func (s *starter) overlay() rootfs.Overlay {
	return rootfs.Overlay{Lower: s.lower, Scratch: s.names.scratch, Target: s.names.root}
}

func (s *starter) mount(context.Context) error {
	if err := s.overlay().Mount(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.names.data, 0o755); err != nil {
		return fmt.Errorf("make the directory of the node's data: %w", err)
	}
	plan := s.settings.Plan
	return rootfs.WriteFiles(s.names.root, map[string]string{
		"etc/hostname": nodeName + "\n",
		"etc/hosts":    fmt.Sprintf("127.0.0.1 localhost\n::1 localhost\n%s %s\n", plan.NodeAddr(), nodeName),
		"etc/resolv.conf": network.Resolver(plan.MachineAddr(),
			readText("/etc/resolv.conf"), readText("/run/systemd/resolve/resolv.conf")),
	})
}

func (s *starter) run(ctx context.Context) error {
	if err := s.writeBundle(); err != nil {
		return err
	}
	s.report.say(StepStart, "starting the node")
	c := container{
		runc: filepath.Join(s.lower, "usr/local/bin/runc"), id: s.names.id, root: s.names.runc,
		bundle: s.names.bundle, console: s.names.console,
	}
	if s.record.CgroupMode != cgroups.Unified {
		// There the runtime manages the v1 hierarchies. The node must be in
		// its unified cgroup before it gets a cgroup namespace.
		c.cgroup = s.record.Cgroup.Dir
	}
	init, err := runContainer(ctx, c)
	if err != nil {
		return err
	}
	s.record.Init, s.record.StartedAt = init, time.Now().UTC().Truncate(time.Second)
	return s.save()
}

func (s *starter) writeBundle() error {
	params, err := s.params()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(oci.Build(params), "", "  ")
	if err != nil {
		return fmt.Errorf("encode the container's configuration: %w", err)
	}
	return replaceFile(filepath.Join(s.names.bundle, "config.json"), data)
}

func (s *starter) params() (oci.Params, error) {
	capabilities, err := ownCapabilities()
	if err != nil {
		return oci.Params{}, err
	}
	files, err := openFiles(slices.Contains(capabilities, "CAP_SYS_RESOURCE"))
	if err != nil {
		return oci.Params{}, err
	}
	return oci.Params{
		Hostname: nodeName, RootPath: s.names.root,
		NetNSPath: s.names.network.NamespacePath(), CgroupsPath: "/" + s.names.id,
		StateDir: s.names.data, StateTarget: guestapi.StateDir,
		ConfigDir: s.names.config, ConfigTarget: guestapi.ConfigDir,
		ModulesDir: modulesDir(), Capabilities: capabilities, OpenFiles: files,
		Devices: availableDevices(nodeDevices),
	}, nil
}
