//go:build linux

package host

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/network"
)

// Leftovers lists what is on this machine of the run of a host: processes,
// cgroups, mounts, network namespace, link, nftables table and files. After
// Down there must be none. State that lasts is not among them.
func Leftovers(o Options) ([]string, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	n := namesOf(o)
	machine, err := cgroups.Detect("/")
	if err != nil {
		return nil, err
	}
	left, err := cgroupLeftovers(machine, n)
	if err != nil {
		return nil, err
	}
	found, err := network.Leftovers(n.network)
	if err != nil {
		return nil, err
	}
	left = append(left, found...)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read the machine's mounts: %w", err)
	}
	left = append(left, mountsBelow(string(mounts), n.state, n.run, n.network.NamespacePath())...)
	if _, err := os.Stat(n.run); err == nil {
		left = append(left, "directory "+n.run)
	}
	return left, nil
}

func cgroupLeftovers(m cgroups.Machine, n names) ([]string, error) {
	var left []string
	for _, dir := range hostCgroups(m, n) {
		left = append(left, "cgroup "+dir)
		pids, err := cgroups.Processes(dir)
		if err != nil {
			return nil, err
		}
		for _, pid := range pids {
			left = append(left, fmt.Sprintf("process %d in cgroup %s", pid, dir))
		}
	}
	return left, nil
}

// mountsBelow lists the mounts at or below any of the directories, from the
// text of a mountinfo file.
func mountsBelow(mountinfo string, dirs ...string) []string {
	var found []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		point := fields[4]
		if slices.ContainsFunc(dirs, func(dir string) bool { return point == dir || strings.HasPrefix(point, dir+"/") }) {
			found = append(found, "mount "+point)
		}
	}
	return found
}
