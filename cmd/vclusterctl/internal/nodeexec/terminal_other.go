//go:build !unix

package nodeexec

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
	"k8s.io/client-go/tools/remotecommand"
)

// Terminal is a console in raw mode, whose every key goes to the program in the
// node.
type Terminal struct {
	file   *os.File
	before *term.State
	sizes  *sizes
}

// OpenTerminal puts a console into raw mode until it is closed.
func OpenTerminal(file *os.File) (*Terminal, error) {
	before, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return nil, fmt.Errorf("put the terminal into raw mode: %w", err)
	}
	return &Terminal{file: file, before: before, sizes: &sizes{closed: make(chan struct{})}}, nil
}

// Close puts the console back as it was.
func (t *Terminal) Close() error {
	t.sizes.stop()
	if err := term.Restore(int(t.file.Fd()), t.before); err != nil {
		return fmt.Errorf("put the terminal back: %w", err)
	}
	return nil
}

// Sizes are the sizes of the console, as they change.
func (t *Terminal) Sizes() remotecommand.TerminalSizeQueue { return t.sizes }

// Read reads keys. Nothing wakes a read that waits, so the next key after Close
// may be lost.
func (t *Terminal) Read(p []byte) (int, error) { return t.file.Read(p) }

// lookEvery is how often the size is looked at: no signal tells of a change.
const lookEvery = 250 * time.Millisecond

// sizes gives the size of a console at once, and again whenever it changed.
type sizes struct {
	last   remotecommand.TerminalSize
	once   sync.Once
	closed chan struct{}
}

func (s *sizes) stop() { s.once.Do(func() { close(s.closed) }) }

// Next implements remotecommand.TerminalSizeQueue. The size is that of what is
// written to.
func (s *sizes) Next() *remotecommand.TerminalSize {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		width, height, err := term.GetSize(int(os.Stdout.Fd()))
		size := remotecommand.TerminalSize{Width: uint16(width), Height: uint16(height)}
		if err == nil && size != s.last {
			s.last = size
			return &size
		}
		select {
		case <-s.closed:
			return nil
		case <-tick.C:
		}
	}
}
