//go:build linux

package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/vclusterctl/vclusterctl/host/internal/oci"
)

// capabilityNames are all capabilities that the runtime knows, by number.
var capabilityNames = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
	"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
	"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
	"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

// ownCapabilities lists the capabilities that this process can hand on.
func ownCapabilities() ([]string, error) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, fmt.Errorf("read own capabilities: %w", err)
	}
	return parseCapabilities(string(data))
}

// parseCapabilities reads the bounding set out of /proc/PID/status: nothing
// that this process starts can have more.
func parseCapabilities(status string) ([]string, error) {
	for line := range strings.Lines(status) {
		text, ok := strings.CutPrefix(line, "CapBnd:")
		if !ok {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("read own capabilities: %w", err)
		}
		return namesOfSet(set), nil
	}
	return nil, fmt.Errorf("read own capabilities: the kernel does not show a bounding set")
}

func namesOfSet(set uint64) []string {
	var names []string
	for bit, name := range capabilityNames {
		if set&(1<<bit) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// wantedOpenFiles is what a node with many pods gets along with.
const wantedOpenFiles = 1 << 20

// openFiles is the limit of open files to set: raising it above our own takes a
// capability that not every machine grants.
func openFiles(mayRaise bool) (uint64, error) {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &own); err != nil {
		return 0, fmt.Errorf("read own limit of open files: %w", err)
	}
	if mayRaise {
		return max(wantedOpenFiles, min(own.Max, wantedOpenFiles)), nil
	}
	return min(own.Max, wantedOpenFiles), nil
}

// nodeDevices are the machine's devices that a node has a use for: fuse for
// fuse-overlayfs, tun for VPNs in pods, and the kernel's log, without which no
// kubelet starts. It is for reading: the node's systemd would write its own log
// into the machine's.
var nodeDevices = []oci.Device{
	{Path: "/dev/fuse", Mode: 0o666},
	{Path: "/dev/net/tun", Mode: 0o666},
	{Path: "/dev/kmsg", Mode: 0o400, ReadOnly: true},
}

// availableDevices keeps the devices that the machine has.
func availableDevices(wanted []oci.Device) []oci.Device {
	var found []oci.Device
	for _, d := range wanted {
		var st unix.Stat_t
		if unix.Stat(d.Path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
			continue
		}
		d.Major, d.Minor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
		found = append(found, d)
	}
	return found
}

// modulesDir returns where the running kernel's modules are, if it has any.
func modulesDir() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	const dir = "/lib/modules"
	if _, err := os.Stat(dir + "/" + unix.ByteSliceToString(u.Release[:])); err != nil {
		return ""
	}
	return dir
}

// readText reads a file for its text; one that is not there has none.
func readText(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data)
}
