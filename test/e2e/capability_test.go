package e2e

import (
	"fmt"
	"slices"
)

// capabilities by number, as linux/capability.h has them.
var capabilities = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
}

// capabilityMask is a set of capabilities as /proc/PID/status writes it.
func capabilityMask(names []string) string {
	var mask uint64
	for _, name := range names {
		if i := slices.Index(capabilities, name); i >= 0 {
			mask |= 1 << i
		}
	}
	return fmt.Sprintf("%016x", mask)
}
