package belongings

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Event is what a line says of an event.
type Event struct {
	// At is when it came last, Times how often it did.
	At                    time.Time
	Times                 int32
	Type, Reason, Message string
	// Object is kind/name.
	Object string
}

// Warning says whether somebody should look at it.
func (e *Event) Warning() bool { return e.Type == corev1.EventTypeWarning }

// OfEvents are the lines of events, the oldest first.
func OfEvents(events []corev1.Event) []Event {
	all := make([]Event, len(events))
	for i := range events {
		all[i] = ofEvent(&events[i])
	}
	slices.SortStableFunc(all, func(a, b Event) int { return a.At.Compare(b.At) })
	return all
}

func ofEvent(e *corev1.Event) Event {
	o := Event{
		At: lastSeen(e), Times: e.Count, Type: e.Type, Reason: e.Reason,
		Message: strings.Join(strings.Fields(e.Message), " "),
		Object:  strings.ToLower(e.InvolvedObject.Kind) + "/" + e.InvolvedObject.Name,
	}
	if e.Series != nil {
		o.Times = e.Series.Count
	}
	return o
}

// lastSeen looks into all the places where the two event APIs keep it.
func lastSeen(e *corev1.Event) time.Time {
	times := []time.Time{e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time}
	if e.Series != nil {
		times = append([]time.Time{e.Series.LastObservedTime.Time}, times...)
	}
	i := slices.IndexFunc(times, func(t time.Time) bool { return !t.IsZero() })
	return times[max(i, 0)]
}
