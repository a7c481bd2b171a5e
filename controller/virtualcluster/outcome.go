package virtualcluster

import (
	"errors"
	"fmt"
	"time"
)

// kind is what has to happen before a stopped reconciliation can go on.
type kind string

const (
	// waiting for something in the cluster to change, which a watch tells us.
	waiting kind = "Waiting"
	// stalled until the user or the administrator changes something.
	stalled kind = "Stalled"
	// retry is everything else: an error that the next attempt may not meet.
	retry kind = "Retry"
)

// stop is the error of a step that cannot go on. Its words go into a
// condition: they are deterministic and say what to do.
type stop struct {
	kind      kind
	condition string // the condition it explains
	reason    string
	message   string
	// recheck comes back after this time, for what no watch can tell.
	recheck time.Duration
	// stale says that a probe which failed before is made again, if nothing else
	// will do.
	stale bool
}

// Error implements error.
func (s *stop) Error() string { return s.reason + ": " + s.message }

// wait stops until a watch wakes the cluster.
func wait(condition, reason, format string, args ...any) *stop {
	return &stop{kind: waiting, condition: condition, reason: reason, message: fmt.Sprintf(format, args...)}
}

// stall stops until somebody acts.
func stall(condition, reason, format string, args ...any) *stop {
	return &stop{kind: stalled, condition: condition, reason: reason, message: fmt.Sprintf(format, args...)}
}

// recheckAfter is how often a cluster is looked at again that waits for what no
// watch of ours can tell.
const recheckAfter = 30 * time.Second

// again asks to come back, because nothing will wake the cluster.
func (s *stop) again() *stop {
	s.recheck = recheckAfter
	return s
}

// kindOf classifies an error for metrics.
func kindOf(err error) kind {
	if s, ok := errors.AsType[*stop](err); ok {
		return s.kind
	}
	return retry
}
