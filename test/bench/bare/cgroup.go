//go:build linux

package bare

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// newCgroup makes a group in the machine's unified hierarchy.
func newCgroup(name string) (string, error) {
	mount, err := unified()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(mount, "vclusterctl-"+name)
	if err := removeCgroup(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o755)
}

// unified is where the machine has its unified hierarchy.
func unified() (string, error) {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err == nil && s.Type == unix.CGROUP2_SUPER_MAGIC {
			return dir, nil
		}
	}
	return "", errors.New("cgroup2 is neither on /sys/fs/cgroup nor on /sys/fs/cgroup/unified: mount it there")
}

// removeCgroup removes a group and those in it. Processes that were just killed
// take a moment to leave.
func removeCgroup(dir string) error {
	var err error
	for range 50 {
		if err = removeEmpty(dir); err == nil {
			return nil
		}
		<-time.After(100 * time.Millisecond)
	}
	return fmt.Errorf("remove cgroup %q: %w", dir, err)
}

func removeEmpty(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	slices.Reverse(dirs) // those below first
	for _, d := range dirs {
		if err := unix.Rmdir(d); err != nil {
			return err
		}
	}
	return nil
}
