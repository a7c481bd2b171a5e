//go:build unix

package child

import (
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is the one that controls this process. A nil one is none.
type terminal struct {
	file *os.File
	// state and front are how it was before.
	state *term.State
	front bool
}

// openTerminal notes how the controlling terminal is, nil if there is none.
func openTerminal() *terminal {
	file, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	t := &terminal{file: file}
	t.front = t.foreground()
	if t.front {
		t.state, _ = term.GetState(t.fd()) // without one there is nothing to restore
	}
	return t
}

func (t *terminal) fd() int { return int(t.file.Fd()) }

// foreground says whether what is typed is for us and the programs beside us.
func (t *terminal) foreground() bool {
	if t == nil {
		return false
	}
	group, err := unix.IoctlGetInt(t.fd(), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// close puts the terminal back as it was. A program that was killed may have
// left it to itself, and in any mode; and whoever changes the terminal without
// being in the foreground is stopped.
func (t *terminal) close() {
	if t == nil {
		return
	}
	defer t.file.Close()
	if !t.front {
		return
	}
	unstoppable(func() {
		_ = unix.IoctlSetPointerInt(t.fd(), unix.TIOCSPGRP, unix.Getpgrp()) // a terminal that is gone
		if t.state != nil {
			_ = term.Restore(t.fd(), t.state) // needs no restoring
		}
	})
}
