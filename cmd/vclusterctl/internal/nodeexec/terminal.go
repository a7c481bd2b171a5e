//go:build unix

package nodeexec

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"k8s.io/client-go/tools/remotecommand"
)

// Terminal is a terminal in raw mode, whose every key goes to the program in
// the node.
type Terminal struct {
	file   *os.File
	before *term.State
	sizes  sizes
	wake   [2]*os.File
}

// OpenTerminal puts a terminal into raw mode until it is closed.
func OpenTerminal(file *os.File) (*Terminal, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	before, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		_ = r.Close()
		_ = w.Close()
		return nil, fmt.Errorf("put the terminal into raw mode: %w", err)
	}
	t := &Terminal{file: file, before: before, wake: [2]*os.File{r, w}}
	t.sizes = newSizes(file)
	return t, nil
}

// Close puts the terminal back as it was, and wakes whoever reads from it.
func (t *Terminal) Close() error {
	t.sizes.stop()
	_ = t.wake[1].Close() // nothing was written
	if err := term.Restore(int(t.file.Fd()), t.before); err != nil {
		return fmt.Errorf("put the terminal back: %w", err)
	}
	return nil
}

// Sizes are the sizes of the terminal, as they change.
func (t *Terminal) Sizes() remotecommand.TerminalSizeQueue { return t.sizes }

// Read reads keys until the terminal is closed. What is typed after that is
// for somebody else, so it does not block in a read that would take it.
func (t *Terminal) Read(p []byte) (int, error) {
	fds := []unix.PollFd{
		{Fd: int32(t.file.Fd()), Events: unix.POLLIN},
		{Fd: int32(t.wake[0].Fd()), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR: //nolint:errorlint // Poll wraps nothing
			continue
		case err != nil:
			return 0, fmt.Errorf("wait for the terminal: %w", err)
		case fds[1].Revents != 0:
			return 0, io.EOF
		}
		return t.file.Read(p)
	}
}

// sizes gives the size of a terminal at once, and again whenever it changed.
type sizes struct {
	file    *os.File
	changed chan os.Signal
}

func newSizes(file *os.File) sizes {
	s := sizes{file: file, changed: make(chan os.Signal, 1)}
	s.changed <- syscall.SIGWINCH
	signal.Notify(s.changed, syscall.SIGWINCH)
	return s
}

func (s sizes) stop() {
	signal.Stop(s.changed)
	close(s.changed)
}

// Next implements remotecommand.TerminalSizeQueue.
func (s sizes) Next() *remotecommand.TerminalSize {
	for range s.changed {
		if width, height, err := term.GetSize(int(s.file.Fd())); err == nil {
			return &remotecommand.TerminalSize{Width: uint16(width), Height: uint16(height)}
		}
	}
	return nil
}
