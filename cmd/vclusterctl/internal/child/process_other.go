//go:build !unix

package child

import (
	"os"
	"syscall"
)

var caught = []os.Signal{os.Interrupt, syscall.SIGTERM}

func unwanted(os.Signal) bool { return false }

// typed: a console sends Ctrl-C to everybody who is attached to it.
func typed(s syscall.Signal) bool { return s == syscall.SIGINT }

func attributes(bool, bool) *syscall.SysProcAttr { return nil }

func signalGroup(pid int, s syscall.Signal) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Signal(s)
}

func codeOf(state *os.ProcessState) int { return state.ExitCode() }

// terminal: consoles need no restoring.
type terminal struct{}

func openTerminal() *terminal { return &terminal{} }

func (*terminal) foreground() bool { return true }

func (*terminal) close() {}

// lock: a file that is open cannot be removed, which is lock enough.
func lock(path string) (*os.File, error) { return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) }
