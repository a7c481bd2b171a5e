package accessible_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/accessible"
)

// conversation is one in which somebody listens before speaking.
type conversation struct {
	t          *testing.T
	in         io.Writer
	out        chan string
	heard      string // and not yet waited for
	before     string // was heard before what was waited for
	interrupts chan os.Signal
	cancel     context.CancelFunc
	ended      chan error
}

func begin(t *testing.T, h *host) *conversation {
	t.Helper()
	in, words := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c := &conversation{t: t, in: words, out: make(chan string, 1024), interrupts: make(chan os.Signal), cancel: cancel, ended: make(chan error, 1)}
	go func() { c.ended <- accessible.Run(ctx, h.config(), in, c, c.interrupts) }()
	return c
}

// Write implements io.Writer.
func (c *conversation) Write(p []byte) (int, error) {
	c.out <- string(p)
	return len(p), nil
}

func (c *conversation) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// hear waits for words, behind those that were heard before.
func (c *conversation) hear(words string) {
	c.t.Helper()
	late := time.After(20 * time.Second)
	for {
		if before, rest, ok := strings.Cut(c.heard, words); ok {
			c.before, c.heard = before, rest
			return
		}
		select {
		case more := <-c.out:
			c.heard += more
		case <-late:
			c.t.Fatalf("%q is not said, but %q", words, c.heard)
		}
	}
}

func (c *conversation) end() {
	c.t.Helper()
	select {
	case err := <-c.ended:
		if err != nil {
			c.t.Error(err)
		}
	case <-time.After(20 * time.Second):
		c.t.Fatal("it does not end")
	}
}
