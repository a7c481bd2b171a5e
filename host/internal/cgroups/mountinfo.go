package cgroups

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	typeUnified = "cgroup2"
	typeLegacy  = "cgroup"
)

// mount is one line of /proc/self/mountinfo, as far as it matters here.
type mount struct {
	point    string
	fsType   string
	readOnly bool
}

// readMounts reads the cgroup mounts out of a mountinfo file. Of two mounts on
// one point only the upper one counts: the lower one cannot be reached.
func readMounts(path string) ([]mount, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the machine's mounts: %w", err)
	}
	defer f.Close()
	var found []mount
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		m, ok := parseMount(lines.Text())
		if !ok {
			continue
		}
		found = slices.DeleteFunc(found, func(o mount) bool { return o.point == m.point })
		if m.fsType == typeUnified || m.fsType == typeLegacy {
			found = append(found, m)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the machine's mounts: %w", err)
	}
	return found, nil
}

// parseMount reads a line like
// "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:3 - cgroup2 cgroup2 rw".
func parseMount(line string) (mount, bool) {
	before, after, ok := strings.Cut(line, " - ")
	if !ok {
		return mount{}, false
	}
	fields, fs := strings.Fields(before), strings.Fields(after)
	if len(fields) < 6 || len(fs) < 3 {
		return mount{}, false
	}
	flags := append(strings.Split(fields[5], ","), strings.Split(fs[2], ",")...)
	return mount{
		point:    unescape(fields[4]),
		fsType:   fs[0],
		readOnly: slices.Contains(flags, "ro"),
	}, true
}

// unescape undoes the octal escapes that mountinfo writes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
