//go:build unix && !linux

package child

import (
	"os"
	"os/signal"
	"syscall"
)

// attributes are those to start a program with.
func attributes(ownGroup, _ bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: ownGroup}
}

// unstoppable does something that stops a process in the background, without
// stopping.
func unstoppable(do func()) {
	signal.Ignore(syscall.SIGTTOU)
	do()
	// To ignore it no longer takes somebody who wants it: programs that are
	// started later would ignore it, too.
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGTTOU)
	signal.Stop(wanted)
}
