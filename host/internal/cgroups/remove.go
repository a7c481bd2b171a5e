//go:build linux

package cgroups

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pollStep bounds one wait for the kernel's notice, so that a cancelled context
// is seen in time.
const pollStep = 200 * time.Millisecond

// gone tells a group that disappeared while we looked at it.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
}

// Kill kills every process in the group at dir, a directory of the unified
// hierarchy, and waits until the last one is gone.
func Kill(ctx context.Context, dir string) error {
	err := os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("1"), 0)
	if gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("kill the processes of cgroup %q: %w", dir, err)
	}
	return waitEmpty(ctx, dir)
}

// waitEmpty waits for the kernel to say that the group holds no process.
func waitEmpty(ctx context.Context, dir string) error {
	f, err := os.Open(filepath.Join(dir, "cgroup.events"))
	if gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("watch cgroup %q: %w", dir, err)
	}
	defer f.Close()
	for {
		populated, err := readPopulated(f)
		if err != nil {
			return fmt.Errorf("watch cgroup %q: %w", dir, err)
		}
		if !populated {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("processes are left in cgroup %q: %w", dir, err)
		}
		fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLPRI}}
		if _, err := unix.Poll(fds, int(pollStep.Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("watch cgroup %q: %w", dir, err)
		}
	}
}

func readPopulated(f *os.File) (bool, error) {
	buf := make([]byte, 256)
	n, err := f.ReadAt(buf, 0)
	if gone(err) {
		return false, nil
	}
	if n == 0 && err != nil {
		return false, err
	}
	return strings.Contains(string(buf[:n]), "populated 1"), nil
}

// Remove removes the empty groups at dir and below. What is not there is fine.
func Remove(dir string) error {
	dirs, err := tree(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range slices.Backward(dirs) {
		if err := unix.Rmdir(d); err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("remove cgroup %q: %w", d, err))
		}
	}
	return errors.Join(errs...)
}

// Dirs lists the directories of the group called name in every hierarchy of
// the machine that has one.
func (m Machine) Dirs(name string) []string {
	points := m.V1
	if m.Mount != "" {
		points = append(slices.Clone(points), m.Mount)
	}
	var dirs []string
	for _, p := range points {
		dir := filepath.Join(p, name)
		if _, err := os.Stat(dir); err == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
