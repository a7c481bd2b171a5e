package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// Type is the terminal that this one is, for the variable TERM.
const Type = "xterm-256color"

// Terminal is a terminal with a program in it.
type Terminal struct {
	cmd         *exec.Cmd
	person, end *os.File
	before      term.State

	mu      sync.Mutex
	screen  *vt.Emulator
	written bytes.Buffer
	// more is closed when there is more on the screen.
	more chan struct{}
}

// Start runs a program in a terminal of a size. The terminal is the program's
// and that of all that it starts.
func Start(cmd *exec.Cmd, columns, rows int) (*Terminal, error) {
	person, end, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	t := &Terminal{cmd: cmd, person: person, end: end, screen: vt.NewEmulator(columns, rows), more: make(chan struct{})}
	if err := t.start(columns, rows); err != nil {
		t.closeFiles()
		return nil, fmt.Errorf("run %q in a terminal: %w", cmd.Path, err)
	}
	go t.read()
	go t.answer()
	return t, nil
}

func (t *Terminal) start(columns, rows int) error {
	if err := pty.Setsize(t.end, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)}); err != nil {
		return err
	}
	before, err := term.GetState(int(t.end.Fd()))
	if err != nil {
		return err
	}
	t.before = *before
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = t.end, t.end, t.end
	return t.cmd.Start()
}

// read draws what the program writes.
func (t *Terminal) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := t.person.Read(buffer)
		t.draw(buffer[:n])
		if err != nil {
			return
		}
	}
}

func (t *Terminal) draw(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.written.Write(data)
	_, _ = t.screen.Write(data) // it never fails
	close(t.more)
	t.more = make(chan struct{})
}

// answer types what the terminal itself says to a program that asks it.
func (t *Terminal) answer() {
	_, _ = io.Copy(t.person, t.screen) // until Close
}

// Press types.
func (t *Terminal) Press(keys string) error {
	if _, err := t.person.WriteString(keys); err != nil {
		return fmt.Errorf("press %q: %w", keys, err)
	}
	return nil
}

// Screen is what can be read, line by line.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String()
}

// Written is everything that was written so far, as it was written.
func (t *Terminal) Written() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.String()
}

// Cells are those of the screen, line by line.
func (t *Terminal) Cells() [][]uv.Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := make([][]uv.Cell, t.screen.Height())
	for y := range lines {
		for x := range t.screen.Width() {
			cell := t.screen.CellAt(x, y)
			if cell == nil {
				cell = &uv.EmptyCell
			}
			lines[y] = append(lines[y], *cell)
		}
	}
	return lines
}

// words are those of the screen with one blank between them. What did not fit
// into a line goes on in the next.
func (t *Terminal) words() string {
	var text strings.Builder
	for y := range t.screen.Height() {
		end := " "
		for x := range t.screen.Width() {
			if cell := t.screen.CellAt(x, y); cell != nil {
				end = cell.Content
				text.WriteString(end)
			}
		}
		if end == " " {
			text.WriteByte('\n')
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// Await waits until the screen shows words, however many blanks or ends of lines
// are between them.
func (t *Terminal) Await(ctx context.Context, text string) error {
	return t.until(ctx, fmt.Sprintf("%q does not come", text), func(words string) bool { return strings.Contains(words, text) })
}

// AwaitGone waits until it does not.
func (t *Terminal) AwaitGone(ctx context.Context, text string) error {
	return t.until(ctx, fmt.Sprintf("%q does not go", text), func(words string) bool { return !strings.Contains(words, text) })
}

func (t *Terminal) until(ctx context.Context, otherwise string, ok func(words string) bool) error {
	for {
		t.mu.Lock()
		words, more := t.words(), t.more
		t.mu.Unlock()
		if ok(words) {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; the screen is\n%s", otherwise, context.Cause(ctx), t.Screen())
		}
	}
}

// Resize makes the terminal larger or smaller, as a person does with a window.
func (t *Terminal) Resize(columns, rows int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.screen.Resize(columns, rows)
	return pty.Setsize(t.end, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)})
}

// Signal sends the program a signal.
func (t *Terminal) Signal(s os.Signal) error { return t.cmd.Process.Signal(s) }

// Close ends the program, unless it has ended, and takes the terminal away.
func (t *Terminal) Close() {
	_ = t.cmd.Process.Kill() // it has ended unless something went wrong
	t.closeFiles()
}

func (t *Terminal) closeFiles() {
	if answers, ok := t.screen.InputPipe().(io.Closer); ok {
		_ = answers.Close()
	}
	_ = t.person.Close()
	_ = t.end.Close()
}
