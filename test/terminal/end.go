package terminal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/term"
)

// End waits for the end of the program and gives its exit code. It fails if the
// terminal is not as it was before.
func (t *Terminal) End(ctx context.Context) (int, error) {
	done := make(chan error, 1)
	go func() { done <- t.cmd.Wait() }()
	select {
	case <-done: // the code says how it ended
	case <-ctx.Done():
		return 0, fmt.Errorf("the program does not end: %w; the screen is\n%s", context.Cause(ctx), t.Screen())
	}
	return t.cmd.ProcessState.ExitCode(), errors.Join(t.settings(), t.switches(ctx))
}

func (t *Terminal) settings() error {
	state, err := term.GetState(int(t.end.Fd()))
	if err != nil {
		return err
	}
	if *state != t.before {
		return errors.New("the terminal's settings are not as they were")
	}
	return nil
}

// switched are what a program can switch on and must switch off.
var switched = []struct{ what, on, off string }{
	{"the other screen is there", "\x1b[?1049h", "\x1b[?1049l"},
	{"the cursor is hidden", "\x1b[?25l", "\x1b[?25h"},
	{"what is pasted is marked", "\x1b[?2004h", "\x1b[?2004l"},
}

// switches wait for the last words of the program, which can still be on their
// way.
func (t *Terminal) switches(ctx context.Context) error {
	for {
		t.mu.Lock()
		written, more := t.written.String(), t.more
		t.mu.Unlock()
		left := slices.IndexFunc(switched, func(s struct{ what, on, off string }) bool {
			return strings.LastIndex(written, s.on) > strings.LastIndex(written, s.off)
		})
		if left < 0 {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("the terminal is not as it was: %s", switched[left].what)
		}
	}
}
