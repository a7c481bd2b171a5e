package serve

import (
	"slices"
	"testing"
	"time"
)

func TestFailingOnce(t *testing.T) {
	start := time.Unix(1000, 0)
	f := newFailing()
	if f.active("a", start) || f.knows("a") {
		t.Error("a unit that never failed has a failure to end")
	}
	if got := f.failed("a", "no route"); got != "no route" {
		t.Errorf("got %q", got)
	}
	f.failed("a", "no route")
	if !f.active("a", start) {
		t.Error("one failure, told twice, is not over although the unit runs")
	}
}

func TestFailingAgainAndAgain(t *testing.T) {
	now := time.Unix(1000, 0)
	f := newFailing()
	f.failed("a", "E1121 10:00:01 bad flag")
	f.active("a", now)
	now = now.Add(time.Second)
	if got := f.failed("a", "E1121 10:00:02 bad flag"); got != "E1121 10:00:01 bad flag" {
		t.Errorf("words change with the time alone: %q", got)
	}
	if f.active("a", now) {
		t.Error("a unit that fails again and again is taken for mended as soon as it is started")
	}
	if wait, ok := f.next(now); !ok || wait != steadyTime {
		t.Errorf("next is %v, %t", wait, ok)
	}
	now = now.Add(steadyTime - time.Second)
	if over := f.settle(now); len(over) > 0 {
		t.Errorf("%v are over too early", over)
	}
	if got := f.failed("a", "another reason"); got != "another reason" {
		t.Errorf("new words are not told: %q", got)
	}
	if _, ok := f.next(now); ok {
		t.Error("there is something to wait for while nothing runs")
	}
	f.active("a", now)
	now = now.Add(steadyTime)
	if over := f.settle(now); !slices.Equal(over, []string{"a"}) || f.knows("a") {
		t.Errorf("over: %v", over)
	}
}

// A unit that runs for long between failures fails once each time.
func TestFailingSeldom(t *testing.T) {
	now := time.Unix(1000, 0)
	f := newFailing()
	for range 3 {
		f.failed("a", "x")
		if !f.active("a", now) {
			t.Error("an old failure counts")
		}
		now = now.Add(steadyTime)
		f.settle(now)
	}
}
