//go:build linux

package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Status is what the kernel says of a process in /proc/PID/status, as far as it
// matters here.
type Status struct {
	// Depth is how many PID namespaces below ours the process is in.
	Depth int
	// First says that it is PID 1 in its namespace.
	First bool

	heard uint64 // signals that it catches, or collects while they are blocked
}

// ReadStatus reads the status of a process.
func ReadStatus(pid int) (Status, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return Status{}, fmt.Errorf("read the status of process %d: %w", pid, err)
	}
	return parseStatus(string(data)), nil
}

// Hears says whether a signal means anything to the process. To a PID 1 that
// does not ask for it, it does not.
func (s Status) Hears(signal unix.Signal) bool {
	return s.heard&(1<<(uint(signal)-1)) != 0
}

// parseStatus leaves out what the kernel does not show.
func parseStatus(text string) Status {
	var s Status
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "NSpid":
			// The number in each namespace, from ours inwards.
			if numbers := strings.Fields(value); len(numbers) > 0 {
				s.Depth, s.First = len(numbers)-1, numbers[len(numbers)-1] == "1"
			}
		case "SigCgt", "SigBlk":
			if set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64); err == nil {
				s.heard |= set
			}
		}
	}
	return s
}
