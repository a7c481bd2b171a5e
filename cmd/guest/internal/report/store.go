package report

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Store holds the current report. Every change gives it a new revision and
// wakes everyone who waits.
type Store struct {
	now func() time.Time

	mu       sync.Mutex
	current  guestapi.Report
	problems map[string]guestapi.Problem // by subject
	passed   func([]guestapi.Milestone)
	changed  chan struct{}
}

// NewStore starts with the given report at revision 1.
func NewStore(initial guestapi.Report, now func() time.Time) *Store {
	initial.Revision = 1
	return &Store{
		now: now, current: initial,
		problems: map[string]guestapi.Problem{}, changed: make(chan struct{}),
	}
}

// Update applies change. A change that changes nothing wakes nobody.
func (s *Store) Update(change func(*guestapi.Report)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := clone(s.current)
	change(&next)
	next.Revision = s.current.Revision
	if reflect.DeepEqual(next, s.current) {
		return
	}
	next.Revision++
	if s.passed != nil && len(next.Timeline) != len(s.current.Timeline) {
		s.passed(next.Timeline)
	}
	s.current = next
	close(s.changed)
	s.changed = make(chan struct{})
}

// Pass records that a milestone has passed, the first time it is called.
func (s *Store) Pass(name string) {
	s.PassAt(name, s.now())
}

// PassAt is Pass for a moment that was measured elsewhere.
func (s *Store) PassAt(name string, at time.Time) {
	s.Update(func(r *guestapi.Report) {
		for _, milestone := range r.Timeline {
			if milestone.Name == name {
				return
			}
		}
		r.Timeline = append(r.Timeline, guestapi.Milestone{Name: name, Time: at.UTC().Truncate(time.Millisecond)})
		slices.SortStableFunc(r.Timeline, func(a, b guestapi.Milestone) int { return a.Time.Compare(b.Time) })
	})
}

// SetProblem records the problem of a subject, or clears it with nil. Reasons
// may repeat; a subject has one problem at a time.
func (s *Store) SetProblem(subject string, problem *guestapi.Problem) {
	s.Update(func(r *guestapi.Report) {
		if old, ok := s.problems[subject]; ok {
			r.Problems = slices.DeleteFunc(r.Problems, func(p guestapi.Problem) bool { return p == old })
			delete(s.problems, subject)
		}
		if problem == nil {
			return
		}
		s.problems[subject] = *problem
		r.Problems = append(r.Problems, *problem)
		slices.SortFunc(r.Problems, func(a, b guestapi.Problem) int {
			return cmp.Or(strings.Compare(a.Reason, b.Reason), strings.Compare(a.Message, b.Message))
		})
	})
}

// Current returns the report as it is now.
func (s *Store) Current() guestapi.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clone(s.current)
}

// Wait returns as soon as the revision differs from after, or when ctx ends,
// with whatever is current then.
func (s *Store) Wait(ctx context.Context, after int64) guestapi.Report {
	for {
		s.mu.Lock()
		current, changed := s.current, s.changed
		s.mu.Unlock()
		if current.Revision != after {
			return clone(current)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return clone(current)
		}
	}
}

// clone copies the parts of a report that change.
func clone(r guestapi.Report) guestapi.Report {
	r.Timeline = slices.Clone(r.Timeline)
	r.Nodes = slices.Clone(r.Nodes)
	r.Problems = slices.Clone(r.Problems)
	r.Degraded = slices.Clone(r.Degraded)
	return r
}
