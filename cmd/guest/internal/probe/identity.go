package probe

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/facts"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// identity is what the pod is: nothing of it is tried, all of it is read.
func identity(n node, found guestapi.Facts) []finding.Finding {
	init := n.text("proc/1/comm")
	return []finding.Finding{
		{Name: finding.Systemd, OK: init == "systemd", Found: init},
		idMap(finding.UserNamespace, found.UIDMap),
		idMap(finding.GroupMap, found.GIDMap),
		{Name: finding.Kernel, OK: found.Kernel != "", Found: found.Kernel},
		{Name: finding.Seccomp, OK: found.SeccompMode == "filter", Found: found.SeccompMode},
	}
}

// bridgeFilter is where prepare looks, too. It comes first of all that is about
// the network: what is tried there might load the module, and nodes look before.
func (n node) bridgeFilter() finding.Finding {
	_, err := fs.Stat(n.Root, strings.TrimPrefix(facts.BridgeFilter, "/"))
	return tried(finding.BridgeFilter, err, "packets between pods can be filtered")
}

// label of PID 1. A kernel without AppArmor and SELinux has none to read.
func (n node) label() string {
	data, err := fs.ReadFile(n.Root, "proc/1/attr/current")
	if label := trim(data); err == nil && label != "" {
		return "label " + label
	}
	return "no label"
}

func (n node) text(path string) string {
	data, err := fs.ReadFile(n.Root, path)
	if err != nil {
		return err.Error()
	}
	return trim(data)
}

func trim(data []byte) string { return strings.TrimSpace(strings.TrimRight(string(data), "\x00\n")) }

// idMap holds if the map can be read and gives nobody the id 0 of the host.
func idMap(name string, lines []string) finding.Finding {
	mapsRoot := func(line string) bool {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return true
		}
		outside, err := strconv.ParseUint(fields[1], 10, 64)
		return err != nil || outside == 0
	}
	ok := len(lines) > 0 && !slices.ContainsFunc(lines, mapsRoot)
	return finding.Finding{Name: name, OK: ok, Found: strings.Join(lines, ", ")}
}

// wantedControllers are those that a kubelet holds pods to limits with.
var wantedControllers = []string{"cpu", "cpuset", "memory", "pids"}

func controllers(have []string) finding.Finding {
	ok := !slices.ContainsFunc(wantedControllers, func(c string) bool { return !slices.Contains(have, c) })
	found := strings.Join(have, " ")
	if found == "" {
		found = "none"
	}
	return finding.Finding{Name: finding.Controllers, OK: ok, Found: found}
}

// mount tells whether mounts are denied, and which AppArmor profile or SELinux
// label would be who denies them: what these log is the host's to read.
func (n node) mount(ctx context.Context) finding.Finding {
	label := n.label()
	err := n.run(ctx, inNamespaces("mount", "-t", "tmpfs", "tmpfs", tryDir))
	if err != nil {
		err = fmt.Errorf("%w (%s)", err, label)
	}
	return tried(finding.Mount, err, fmt.Sprintf("a tmpfs was mounted (%s)", label))
}
