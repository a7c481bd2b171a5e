//go:build unix

package child

import (
	"errors"
	"os"
	"syscall"
)

// caught are the signals that ask a process to end. SIGPIPE is among them so
// that a reader who goes away does not keep us from clearing up.
var caught = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE}

// unwanted are signals that are caught to do nothing.
func unwanted(s os.Signal) bool { return s == syscall.SIGPIPE }

// typed are the signals that a terminal sends when a key is pressed.
func typed(s syscall.Signal) bool { return s == syscall.SIGINT || s == syscall.SIGQUIT }

func signalGroup(pid int, s syscall.Signal) error { return syscall.Kill(-pid, s) }

func codeOf(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// lock takes the lock that a file stands for, as long as it is open; programs
// that are started do not inherit it. It fails if somebody has it.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
