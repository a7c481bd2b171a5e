//go:build linux

package cgroups

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Group is the cgroup of one embedded host in the unified hierarchy.
type Group struct {
	// Dir is its directory.
	Dir string
	// Controllers it may delegate, sorted.
	Controllers []string
	// Refused are controllers that the machine has and would not delegate,
	// each with the kernel's reason, sorted.
	Refused []string
}

// Create makes the group below a mount of the unified hierarchy, or takes it as
// it is, and has every controller of the machine delegated to it. A controller
// that the kernel refuses is left out: the node runs without it and says so.
func Create(mount, name string) (Group, error) {
	g := Group{Dir: filepath.Join(mount, name)}
	if err := os.Mkdir(g.Dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return Group{}, fmt.Errorf("make cgroup: %w", err)
	}
	available, err := readControllers(filepath.Join(mount, "cgroup.controllers"))
	if err != nil {
		return Group{}, err
	}
	g.Refused = delegate(mount, available)
	g.Controllers, err = Controllers(g.Dir)
	return g, err
}

// Controllers that the group at dir may delegate, sorted.
func Controllers(dir string) ([]string, error) {
	return readControllers(filepath.Join(dir, "cgroup.controllers"))
}

// delegate enables controllers for the children of a group, one by one, so that
// one refusal does not cost the others.
func delegate(dir string, controllers []string) []string {
	var refused []string
	for _, c := range controllers {
		err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+c), 0)
		if err != nil {
			refused = append(refused, fmt.Sprintf("%s: %v", c, errors.Unwrap(err)))
		}
	}
	return refused
}

// Processes lists the processes in the group at dir and below it, sorted. A
// group that is not there has none.
func Processes(dir string) ([]int, error) {
	dirs, err := tree(dir)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, d := range dirs {
		data, err := os.ReadFile(filepath.Join(d, "cgroup.procs"))
		if err != nil && !gone(err) {
			return nil, fmt.Errorf("read processes of cgroup: %w", err)
		}
		pids = append(pids, parsePIDs(string(data))...)
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

func parsePIDs(text string) []int {
	var pids []int
	for _, f := range strings.Fields(text) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// tree lists dir and the directories below it, parents first.
func tree(dir string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && gone(err):
			return nil
		case err != nil:
			return err
		case d.IsDir():
			dirs = append(dirs, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list cgroups below %q: %w", dir, err)
	}
	return dirs, nil
}
