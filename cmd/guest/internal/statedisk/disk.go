package statedisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// fileSystem is the one that a new device gets, and the only one that is taken.
const fileSystem = "ext4"

// Disk is a block device that holds the state of a node.
type Disk struct {
	Device, Dir string
	// Run runs a program and returns what it prints to its output, for the tests.
	Run func(ctx context.Context, name string, args ...string) (string, error)
}

// New is a device that is to be mounted on a folder.
func New(device, dir string) Disk { return Disk{Device: device, Dir: dir, Run: run} }

// Mount mounts the device's file system. A device on which nothing is gets one,
// and one on which something else is, is left alone.
func (d Disk) Mount(ctx context.Context) error {
	info, err := os.Stat(d.Device)
	if err != nil {
		return fmt.Errorf("find the state volume: %w; the pod must have it as a volume device at that path", err)
	}
	if info.Mode().Type() != os.ModeDevice {
		return fmt.Errorf("the state volume %s is no block device: its PersistentVolumeClaim must have volumeMode Block", d.Device)
	}
	if mounted, err := d.mounted(info); err != nil || mounted {
		return err
	}
	if err := d.Prepare(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(d.Dir, 0o755); err != nil {
		return fmt.Errorf("mount the state volume: %w", err)
	}
	if err := unix.Mount(d.Device, d.Dir, fileSystem, unix.MS_NOATIME, ""); err != nil {
		return fmt.Errorf("mount the state volume %s on %s: %w", d.Device, d.Dir, err)
	}
	return nil
}

// mounted says whether the device is on the folder already.
func (d Disk) mounted(device os.FileInfo) (bool, error) {
	var dir unix.Stat_t
	switch err := unix.Stat(d.Dir, &dir); {
	case errors.Is(err, unix.ENOENT):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at %s: %w", d.Dir, err)
	}
	var of unix.Stat_t
	if err := unix.Stat(d.Device, &of); err != nil {
		return false, fmt.Errorf("look at %s: %w", device.Name(), err)
	}
	return dir.Dev == of.Rdev, nil
}

// Prepare makes a file system on a device that has none, and mends one that was
// not unmounted as the kubelet does for volumes that are mounted outside.
func (d Disk) Prepare(ctx context.Context) error {
	switch found, err := d.probe(ctx); {
	case err != nil:
		return err
	case found == "":
		if err := d.empty(); err != nil {
			return err
		}
		// Not forced: mkfs itself then refuses a device that something else uses.
		if out, err := d.Run(ctx, "mkfs.ext4", "-q", "-m", "0", d.Device); err != nil {
			return fmt.Errorf("make a file system on the state volume %s: %w: %s", d.Device, err, strings.TrimSpace(out))
		}
		return nil
	case found != fileSystem:
		return fmt.Errorf("the state volume %s holds %s, and a node keeps its state on %s: it is left alone; give the cluster an empty volume", d.Device, found, fileSystem)
	}
	return d.check(ctx)
}

// What blkid and e2fsck say with their codes.
const (
	blkidNothing   = 2
	e2fsckMended   = 1
	e2fsckReboot   = 2
	e2fsckMendable = e2fsckMended | e2fsckReboot
)

// probe is what is on the device; empty for nothing that blkid can see.
func (d Disk) probe(ctx context.Context) (string, error) {
	out, err := d.Run(ctx, "blkid", "--probe", "--match-tag=TYPE", "--match-tag=PTTYPE", "--output=value", d.Device)
	if code(err) == blkidNothing {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look what is on the state volume %s: %w: %s", d.Device, err, strings.TrimSpace(out))
	}
	return strings.Join(strings.Fields(out), " and "), nil
}

func (d Disk) check(ctx context.Context) error {
	out, err := d.Run(ctx, "e2fsck", "-p", d.Device)
	if err != nil && (code(err) < 0 || code(err)&^e2fsckMendable != 0) {
		return fmt.Errorf("the file system of the state volume %s is damaged: %w: %s; mend it with e2fsck, or restore the volume from a backup", d.Device, err, strings.TrimSpace(out))
	}
	return nil
}

// code is the one that a program ended with: 0 without an error, and -1 where it
// did not run.
func code(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		return -1
	}
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err //nolint:wrapcheck // the caller says what it was for
}
