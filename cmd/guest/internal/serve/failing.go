package serve

import (
	"regexp"
	"time"
)

// steadyTime is how long a unit that failed again and again must run to be
// taken for mended: systemd calls many active as soon as they are started, and
// starts them anew every second.
const steadyTime = 30 * time.Second

// failing keeps apart units that fail once from those that do so again and
// again. What is said of the latter stays the same until they are steady.
type failing struct {
	units map[string]*failingUnit
}

type failingUnit struct {
	words string
	// times it failed after it ran.
	times int
	// since is when it became active; zero while it is not.
	since time.Time
}

func newFailing() *failing { return &failing{units: map[string]*failingUnit{}} }

// knows says whether a unit has failed lately.
func (f *failing) knows(unit string) bool { return f.units[unit] != nil }

// failed notes that a unit failed, and returns the words to tell it with: those
// of before, if no more than numbers differ.
func (f *failing) failed(unit, words string) string {
	u := f.units[unit]
	if u == nil {
		u = &failingUnit{times: 1}
		f.units[unit] = u
	} else if !u.since.IsZero() { // systemd tells of one failure more than once
		u.times++
	}
	u.since = time.Time{}
	if withoutNumbers(words) != withoutNumbers(u.words) {
		u.words = words
	}
	return u.words
}

// active notes that a unit runs, and says whether its failure is over by that:
// it is if it was the first.
func (f *failing) active(unit string, now time.Time) bool {
	u := f.units[unit]
	if u == nil {
		return false
	}
	if u.since.IsZero() {
		u.since = now
	}
	return u.times == 1
}

// settle forgets the units that have run for long enough, and returns them.
func (f *failing) settle(now time.Time) []string {
	var over []string
	for name, u := range f.units {
		if !u.since.IsZero() && now.Sub(u.since) >= steadyTime {
			over = append(over, name)
			delete(f.units, name)
		}
	}
	return over
}

// next is how long it takes until a unit may have run for long enough; false if
// none runs.
func (f *failing) next(now time.Time) (time.Duration, bool) {
	least, found := steadyTime, false
	for _, u := range f.units {
		if !u.since.IsZero() {
			least, found = min(least, u.since.Add(steadyTime).Sub(now)), true
		}
	}
	return max(least, 0), found
}

var numbers = regexp.MustCompile(`[0-9]+`)

// withoutNumbers makes lines alike that differ in times, ports and the like.
func withoutNumbers(words string) string { return numbers.ReplaceAllString(words, "0") }
