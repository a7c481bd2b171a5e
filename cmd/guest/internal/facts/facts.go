package facts

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// System is what facts are gathered from. Root reads the node's files; the
// functions try things out and undo them.
type System struct {
	// Root is the node's file system, "/" as an fs.FS.
	Root fs.FS
	// TryCgroup makes and removes a child cgroup.
	TryCgroup func() error
	// TryOverlay mounts and unmounts overlayfs on the state volume.
	TryOverlay func() error
	// TryKmsg opens /dev/kmsg.
	TryKmsg func() error
	// Kernel is the release of the running kernel.
	Kernel func() string
}

// Gather reads and tries everything once. It never fails: what can't be
// determined stays empty.
func Gather(sys System) guestapi.Facts {
	status := statusFields(sys.Root)
	return guestapi.Facts{
		UIDMap:            idMap(sys.Root, "proc/1/uid_map"),
		GIDMap:            idMap(sys.Root, "proc/1/gid_map"),
		Capabilities:      capabilities(status["CapEff"]),
		SeccompMode:       seccompMode(status["Seccomp"]),
		NoNewPrivs:        status["NoNewPrivs"] == "1",
		CgroupControllers: controllers(sys.Root),
		CgroupWritable:    sys.TryCgroup() == nil,
		Snapshotter:       snapshotter(sys),
		Kmsg:              sys.TryKmsg() == nil,
		Kernel:            sys.Kernel(),
	}
}

// statusFields reads /proc/1/status: PID 1 was started by the runtime, so it
// carries what the runtime gave.
func statusFields(root fs.FS) map[string]string {
	fields := map[string]string{}
	raw, err := fs.ReadFile(root, "proc/1/status")
	if err != nil {
		return fields
	}
	for line := range strings.Lines(string(raw)) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			fields[key] = strings.TrimSpace(value)
		}
	}
	return fields
}

// idMap returns the lines of an ID map with single spaces.
func idMap(root fs.FS, path string) []string {
	raw, err := fs.ReadFile(root, path)
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func controllers(root fs.FS) []string {
	raw, err := fs.ReadFile(root, "sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		return nil
	}
	found := strings.Fields(string(raw))
	slices.Sort(found)
	return found
}

func seccompMode(value string) string {
	modes := map[string]string{"0": "disabled", "1": "strict", "2": "filter"}
	return modes[value]
}

// snapshotter prefers overlayfs. native copies every layer and always works.
func snapshotter(sys System) string {
	if sys.TryOverlay() == nil {
		return "overlayfs"
	}
	return "native"
}

// capabilities names the bits of a mask in hex, sorted by name.
func capabilities(mask string) []string {
	bits, err := strconv.ParseUint(mask, 16, 64)
	if err != nil {
		return nil
	}
	var names []string
	for i, name := range capabilityNames {
		if bits&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	for i := len(capabilityNames); i < 64; i++ {
		if bits&(1<<i) != 0 {
			names = append(names, "CAP_"+strconv.Itoa(i))
		}
	}
	slices.Sort(names)
	return names
}

// capabilityNames by bit, from include/uapi/linux/capability.h.
var capabilityNames = [...]string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
	"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
	"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
	"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}
