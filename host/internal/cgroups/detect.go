package cgroups

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Mode says how a machine has its cgroup hierarchies mounted.
type Mode string

// The modes there are.
const (
	// Unified is cgroup v2 alone.
	Unified Mode = "unified"
	// Hybrid is v1 hierarchies with the unified one mounted beside them.
	Hybrid Mode = "hybrid"
	// Legacy is v1 hierarchies alone.
	Legacy Mode = "legacy"
)

// unifiedPoint is where the unified hierarchy is on a machine of mode Unified.
const unifiedPoint = "/sys/fs/cgroup"

// Machine is how the hierarchies are mounted.
type Machine struct {
	Mode Mode
	// Mount is where the unified hierarchy is mounted; empty in mode Legacy.
	Mount string
	// V1 lists the mount points of the v1 hierarchies, sorted.
	V1 []string
}

// Detect reads how the machine whose file system starts at root has its
// hierarchies mounted. The root is "/" but for tests.
func Detect(root string) (Machine, error) {
	mounts, err := readMounts(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return Machine{}, err
	}
	m := classify(mounts)
	if m.Mount != "" && readOnlyAt(mounts, m.Mount) {
		return Machine{}, fmt.Errorf(
			"the cgroup hierarchy at %q is mounted read-only: run on the machine itself, or in a container that is allowed to manage cgroups", m.Mount)
	}
	return m, nil
}

func classify(mounts []mount) Machine {
	var m Machine
	for _, c := range mounts {
		switch {
		case c.fsType == typeLegacy:
			m.V1 = append(m.V1, c.point)
		case m.Mount == "" || c.point == unifiedPoint:
			m.Mount = c.point
		}
	}
	slices.Sort(m.V1)
	switch {
	case m.Mount == "":
		m.Mode = Legacy
	case m.Mount == unifiedPoint:
		m.Mode = Unified
	default:
		m.Mode = Hybrid
	}
	return m
}

func readOnlyAt(mounts []mount, point string) bool {
	return slices.ContainsFunc(mounts, func(m mount) bool { return m.point == point && m.readOnly })
}

// readControllers reads a list like cgroup.controllers, sorted.
func readControllers(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read cgroup controllers: %w", err)
	}
	list := strings.Fields(string(data))
	slices.Sort(list)
	return list, nil
}
