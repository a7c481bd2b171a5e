//go:build linux

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pollStep bounds one wait for the kernel's notice, so that a cancelled context
// is seen in time.
const pollStep = 200 * time.Millisecond

// ID names a process for as long as the machine runs: a number alone is reused.
type ID struct {
	PID int `json:"pid"`
	// Start is when it started, in clock ticks since the machine did.
	Start uint64 `json:"start"`
	// BootID is which run of the machine that was.
	BootID string `json:"bootID"`
}

// Identify names the process that now has a number.
func Identify(pid int) (ID, error) {
	start, state, err := readStat(pid)
	if err != nil {
		return ID{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	if dead(state) {
		return ID{}, fmt.Errorf("identify process %d: it has exited", pid)
	}
	boot, err := bootID()
	if err != nil {
		return ID{}, err
	}
	return ID{PID: pid, Start: start, BootID: boot}, nil
}

// Alive says whether the process still runs.
func (id ID) Alive() bool {
	if id.PID == 0 {
		return false
	}
	now, err := Identify(id.PID)
	return err == nil && now == id
}

// Handle is a process that was opened: its number cannot be reused meanwhile.
type Handle struct{ fd, pid int }

// ErrGone is returned for a process that no longer runs.
var ErrGone = errors.New("the process no longer runs")

// Open takes hold of a process.
func (id ID) Open() (*Handle, error) {
	if id.PID == 0 {
		return nil, ErrGone
	}
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("open process %d: %w", id.PID, err)
	}
	// Only now: the number cannot change hands any more.
	if !id.Alive() {
		return nil, errors.Join(ErrGone, unix.Close(fd))
	}
	return &Handle{fd: fd, pid: id.PID}, nil
}

// PID is the number of the process.
func (h *Handle) PID() int { return h.pid }

// Close lets go of the process.
func (h *Handle) Close() error { return unix.Close(h.fd) }

// Signal sends a signal. A process that has exited is fine.
func (h *Handle) Signal(s unix.Signal) error {
	if err := unix.PidfdSendSignal(h.fd, s, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("send signal %d: %w", s, err)
	}
	return nil
}

// Wait waits until the process has exited.
func (h *Handle) Wait(ctx context.Context) error {
	return h.WaitOr(ctx, func() bool { return false })
}

// WaitOr waits until the process has exited or something else is true, which it
// asks again and again.
func (h *Handle) WaitOr(ctx context.Context, other func() bool) error {
	for {
		fds := []unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(pollStep.Milliseconds()))
		switch {
		case err != nil && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("wait for a process: %w", err)
		case n > 0, other():
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

func bootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the machine's boot ID: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// Command returns the name of the program that a process runs, cut to 15
// characters; none for a process that is gone.
func Command(pid int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func readStat(pid int) (start uint64, state byte, err error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, err
	}
	return parseStat(string(data))
}

// parseStat reads state and start time, fields 3 and 22 of /proc/PID/stat. The
// second field is the command in parentheses, and may hold anything.
func parseStat(text string) (start uint64, state byte, err error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("unexpected process state %q", text)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, fields[0][0], err
}

func dead(state byte) bool { return state == 'Z' || state == 'X' }
