package child

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes are those to start a program with. If we are killed it is told:
// what it works with is gone, and a shell would fight with the one before it
// over the terminal.
func attributes(ownGroup, interactive bool) *syscall.SysProcAttr {
	death := syscall.SIGTERM
	if interactive {
		death = syscall.SIGHUP
	}
	return &syscall.SysProcAttr{Setpgid: ownGroup, Pdeathsig: death}
}

// unstoppable does something that stops a process in the background, without
// stopping. The thread must be the caller's own.
func unstoppable(do func()) {
	var block, before unix.Sigset_t
	block.Val[0] = 1 << (unix.SIGTTOU - 1)
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &block, &before); err != nil {
		return // there is no way to be sure
	}
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil) }() // as it was
	do()
}
