package probe

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// told tells the story with one controller that lives: what is to be seen after
// each chapter, and the most writes that one took.
func told(t *testing.T) (portraits []string, most int) {
	t.Helper()
	if !t.Run("One", func(t *testing.T) { // whose node is gone afterwards
		th := newTheatre(t)
		for _, c := range story {
			th.begin(c)
			writes := th.live(th.start(&envtest.Mortal{}))
			t.Logf("%s: %d writes", c.name, writes)
			if th.expectEnd(c); t.Failed() {
				t.FailNow()
			}
			portraits, most = append(portraits, th.portrait()), max(most, writes)
		}
	}) {
		t.FailNow()
	}
	return portraits, most
}

// recover lets a controller find what others left, and the one after it find
// nothing to do.
func (th *theatre) recover(c chapter, want string) {
	th.t.Helper()
	th.live(th.start(&envtest.Mortal{}))
	th.expectEnd(c)
	if diff := cmp.Diff(want, th.portrait()); diff != "" {
		th.t.Errorf("%s: -want +got:\n%s", c.name, diff)
	}
	if more := th.live(th.start(&envtest.Mortal{})); more != 0 {
		th.t.Errorf("%s: another restart costs %d writes", c.name, more)
	}
	if th.t.Failed() {
		th.t.FailNow()
	}
}

// TestFaults tells the story with controllers to which something happens. What
// becomes of it is what one that lives would have made of it.
func TestFaults(t *testing.T) {
	want, most := told(t)
	for death, lost := range map[string]bool{"Answered": false, "AnswerLost": true} {
		for n := 1; n <= most; n++ {
			t.Run(fmt.Sprintf("%s/%d", death, n), func(t *testing.T) { diesAt(newTheatre(t), n, lost, want) })
		}
	}
	t.Run("OneWriteEach", func(t *testing.T) { oneWriteEach(newTheatre(t), want) })
	for n := 1; n <= most; n++ {
		t.Run(fmt.Sprintf("Replaced/%d", n), func(t *testing.T) { replacedAt(newTheatre(t), n, want) })
	}
	for name, how := range rivalries {
		t.Run("Two/"+name, func(t *testing.T) { two(newTheatre(t), how, want) })
	}
	t.Run("Past", func(t *testing.T) { actsOnThePast(newTheatre(t), want) })
}

// diesAt lets the controller die after a write of each chapter.
func diesAt(th *theatre, n int, lost bool, want []string) {
	for i, c := range story {
		th.begin(c)
		th.live(th.start(&envtest.Mortal{Last: n, LoseAnswer: lost}))
		th.recover(c, want[i])
	}
}

// oneWriteEach lets no controller live longer than for one write.
func oneWriteEach(th *theatre, want []string) {
	for i, c := range story {
		th.begin(c)
		for range 20 {
			l := th.start(&envtest.Mortal{Last: 1, LoseAnswer: true})
			if th.live(l); !l.mortal.Dead() {
				break
			}
			th.play()
		}
		th.recover(c, want[i])
	}
}

// replacedAt puts another node of the same name in the place of one after a write
// about it: what was found on the one says nothing of the other.
func replacedAt(th *theatre, n int, want []string) {
	th.begin(story[0])
	th.live(th.start(&envtest.Mortal{Passed: func(done int) {
		if done == n {
			th.replace()
		}
	}}))
	th.recover(story[0], want[0])
}
