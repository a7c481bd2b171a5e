package logs

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
)

const (
	// most is how many lines are taken at once, so that a log that is written
	// faster than it can be read leaves time for keys.
	most = 500
	// longest is the length at which a line is broken.
	longest = 16 * 1024
)

// stream is a log that is being read. Lines wait in it until they are taken.
type stream struct {
	lines chan string
	// err is why it ended; it is set before lines is closed.
	err error
}

// batch is what a stream has for its screen.
type batch struct {
	of    *stream
	lines []string
	ended bool
	err   error
}

func newStream() *stream { return &stream{lines: make(chan string, most)} }

// pump reads until the log or the context ends.
func (s *stream) pump(ctx context.Context, read Read, request act.LogRequest) tea.Cmd {
	return func() tea.Msg {
		defer close(s.lines)
		err := read(ctx, request, func(line string) error { return s.put(ctx, line) })
		if ctx.Err() == nil {
			s.err = err
		}
		return nil
	}
}

// put waits for room, and breaks what no screen can show.
func (s *stream) put(ctx context.Context, text string) error {
	for line := range strings.SplitSeq(text, "\n") {
		for first := true; first || line != ""; first = false {
			n := min(len(line), longest)
			select {
			case s.lines <- line[:n]:
			case <-ctx.Done():
				return ctx.Err()
			}
			line = line[n:]
		}
	}
	return nil
}

// next waits for a line and takes those behind it.
func (s *stream) next() tea.Cmd {
	return func() tea.Msg {
		first, more := <-s.lines
		if !more {
			return batch{of: s, ended: true, err: s.err}
		}
		b := batch{of: s, lines: []string{first}}
		for len(b.lines) < most {
			select {
			case line, more := <-s.lines:
				if !more {
					b.ended, b.err = true, s.err
					return b
				}
				b.lines = append(b.lines, line)
			default:
				return b
			}
		}
		return b
	}
}
