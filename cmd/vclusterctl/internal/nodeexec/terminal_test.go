//go:build linux

package nodeexec

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"k8s.io/client-go/tools/remotecommand"
)

// pty is a terminal and whoever sits before it.
func pty(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return person, terminal
}

func resize(t *testing.T, terminal *os.File, width, height uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		t.Fatal(err)
	}
}

func TestTerminal(t *testing.T) {
	person, file := pty(t)
	resize(t, file, 80, 24)
	before, err := term.GetState(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := OpenTerminal(file)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := term.GetState(int(file.Fd())); err != nil || *before == *raw {
		t.Errorf("the terminal must be in raw mode: %v", err)
	}

	sizes := terminal.Sizes()
	first := sizes.Next()
	resize(t, file, 100, 30)
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil { // as for the terminal that a process really has
		t.Fatal(err)
	}
	second := sizes.Next()
	if diff := cmp.Diff([]*remotecommand.TerminalSize{{Width: 80, Height: 24}, {Width: 100, Height: 30}}, []*remotecommand.TerminalSize{first, second}); diff != "" {
		t.Errorf("sizes as they change: -want, +got:\n%s", diff)
	}

	_, _ = person.WriteString("\x03")
	key := make([]byte, 8)
	if n, err := terminal.Read(key); err != nil || string(key[:n]) != "\x03" {
		t.Errorf("Ctrl-C is a key like others, got %q, %v", key[:n], err)
	}

	ended := make(chan error)
	go func() {
		_, err := terminal.Read(make([]byte, 8))
		ended <- err
	}()
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, io.EOF) {
			t.Errorf("Read() after Close(): got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("who reads must not wait for a key after Close()")
	}
	if sizes.Next() != nil {
		t.Error("no sizes come after Close()")
	}
	after, err := term.GetState(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if *before != *after {
		t.Errorf("the terminal must be as it was: had %v, has %v", before, after)
	}

	_, _ = person.WriteString("next\n")
	line := make([]byte, 16)
	if n, err := file.Read(line); err != nil || string(line[:n]) != "next\n" {
		t.Errorf("what is typed later is for somebody else, got %q, %v", line[:n], err)
	}
}
