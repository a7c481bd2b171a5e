// Package progress shows people how far something has come: as a live
// checklist on a terminal, as one line per step in a log.
package progress

import (
	"fmt"
	"io"
	"time"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

// Display shows phases as they pass.
type Display interface {
	// Update shows the phases as they are now.
	Update(phases []phase.Phase)
	// Close ends the display; what it shows stays.
	Close()
}

// track remembers when each phase was first seen to have passed.
type track struct {
	now    func() time.Time
	start  time.Time
	passed map[string]time.Duration
}

func newTrack(now func() time.Time) *track {
	return &track{now: now, start: now(), passed: map[string]time.Duration{}}
}

// elapsed is the time since the start.
func (t *track) elapsed() time.Duration { return t.now().Sub(t.start) }

// pass notes the phases that have passed and gives those that are new.
func (t *track) pass(phases []phase.Phase) []phase.Phase {
	var fresh []phase.Phase
	for _, p := range phases {
		if _, known := t.passed[p.Name]; p.State != phase.Passed || known {
			continue
		}
		t.passed[p.Name] = t.elapsed()
		fresh = append(fresh, p)
	}
	return fresh
}

func seconds(d time.Duration) string { return fmt.Sprintf("%6.1fs", d.Seconds()) }

// Log is the display for a plain log: a line per phase that passes, and one
// whenever what is waited for changes.
type Log struct {
	out     io.Writer
	track   *track
	waiting string
}

// NewLog starts a log.
func NewLog(out io.Writer, now func() time.Time) *Log {
	return &Log{out: out, track: newTrack(now)}
}

// Update implements Display.
func (l *Log) Update(phases []phase.Phase) {
	for _, p := range l.track.pass(phases) {
		fmt.Fprintf(l.out, "%s  %s\n", seconds(l.track.passed[p.Name]), withDetail(p))
	}
	for _, p := range phases {
		if p.State == phase.Active && p.Detail != "" && p.Detail != l.waiting {
			l.waiting = p.Detail
			fmt.Fprintf(l.out, "%s  ... %s\n", seconds(l.track.elapsed()), withDetail(p))
		}
	}
}

// Close implements Display.
func (l *Log) Close() {}

// withDetail is a phase in one line. What is quoted of nodes is a tenant's.
func withDetail(p phase.Phase) string {
	if p.Detail == "" {
		return p.Name
	}
	return p.Name + ": " + printable.Line(p.Detail)
}
