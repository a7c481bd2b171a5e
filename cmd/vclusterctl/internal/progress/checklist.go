package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
)

// redrawEvery keeps the running time of the active phase moving.
const redrawEvery = 100 * time.Millisecond

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// Checklist is the display for a terminal.
type Checklist struct {
	out   io.Writer
	width int
	color bool
	track *track

	mu     sync.Mutex
	phases []phase.Phase
	lines  int
	frame  int
	stop   chan struct{}
	done   chan struct{}
}

// NewChecklist starts a checklist on a terminal of the given width.
func NewChecklist(out io.Writer, width int, color bool, now func() time.Time) *Checklist {
	c := &Checklist{out: out, width: width, color: color, track: newTrack(now), stop: make(chan struct{}), done: make(chan struct{})}
	go c.animate()
	return c
}

// Update implements Display.
func (c *Checklist) Update(phases []phase.Phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.track.pass(phases)
	c.phases = phases
	c.draw()
}

// Close implements Display.
func (c *Checklist) Close() {
	close(c.stop)
	<-c.done
}

func (c *Checklist) animate() {
	defer close(c.done)
	ticker := time.NewTicker(redrawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
			c.mu.Lock()
			c.frame++
			c.draw()
			c.mu.Unlock()
		}
	}
}

// draw writes the list over the one drawn before.
func (c *Checklist) draw() {
	if len(c.phases) == 0 {
		return
	}
	var b strings.Builder
	if c.lines > 0 {
		b.WriteString(ansi.CursorUp(c.lines))
	}
	for _, p := range c.phases {
		b.WriteString(ansi.EraseEntireLine + "\r" + ansi.Truncate(c.line(p), c.width, "…") + "\n")
	}
	c.lines = len(c.phases)
	io.WriteString(c.out, b.String()) //nolint:errcheck // a terminal that went away is no reason to stop waiting
}

func (c *Checklist) line(p phase.Phase) string {
	text := withDetail(p)
	switch p.State {
	case phase.Passed:
		return fmt.Sprintf(" %s %s %s", c.paint(green, "✓"), c.paint(faint, seconds(c.track.passed[p.Name])), text)
	case phase.Failed:
		return fmt.Sprintf(" %s %s %s", c.paint(red, "✗"), seconds(c.track.elapsed()), text)
	case phase.Active:
		return fmt.Sprintf(" %s %s %s", spinner[c.frame%len(spinner)], seconds(c.track.elapsed()), text)
	case phase.Waiting:
	}
	return fmt.Sprintf("   %s %s", strings.Repeat(" ", len(seconds(0))), c.paint(faint, text))
}

// The colours in use, as ANSI attributes.
const (
	red   = "31"
	green = "32"
	faint = "2"
)

func (c *Checklist) paint(attribute, text string) string {
	if !c.color {
		return text
	}
	return "\x1b[" + attribute + "m" + text + "\x1b[m"
}
