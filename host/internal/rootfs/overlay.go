//go:build linux

package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Overlay is the root file system of one start.
type Overlay struct {
	// Lower is the unpacked image; it is never written to.
	Lower string
	// Scratch holds what the running system writes. It begins empty.
	Scratch string
	// Target is where the two are mounted as one.
	Target string
}

// Mount begins with an empty upper layer and mounts the overlay.
func (o Overlay) Mount() error {
	upper, work := filepath.Join(o.Scratch, "upper"), filepath.Join(o.Scratch, "work")
	if err := os.RemoveAll(o.Scratch); err != nil {
		return fmt.Errorf("empty the scratch layer: %w", err)
	}
	for _, dir := range []string{upper, work, o.Target} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make a directory for the root file system: %w", err)
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", o.Lower, upper, work)
	if err := unix.Mount("overlay", o.Target, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount the root file system at %q: %w: its directory must be on a file system that overlayfs takes as a layer, like ext4 or xfs", o.Target, err)
	}
	// What the node mounts must not show up on the machine.
	if err := unix.Mount("", o.Target, "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make the root file system's mount private: %w", err)
	}
	return nil
}

// Unmount undoes Mount. What is not mounted is fine.
func (o Overlay) Unmount() error {
	if err := Unmount(o.Target); err != nil {
		return err
	}
	if err := os.RemoveAll(o.Scratch); err != nil {
		return fmt.Errorf("remove the scratch layer: %w", err)
	}
	return nil
}

// Unmount unmounts everything stacked on a path.
func Unmount(target string) error {
	for {
		err := unix.Unmount(target, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
		switch {
		case errors.Is(err, unix.EINVAL), errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("unmount %q: %w", target, err)
		}
	}
}
