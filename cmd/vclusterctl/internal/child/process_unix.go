//go:build unix

package child

import (
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
