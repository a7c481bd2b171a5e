package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
)

// clock moves on by one second each time it is read.
func clock() func() time.Time {
	at := time.Unix(0, 0)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(&out, clock())
	waiting := phase.Phase{Name: "Node booted", State: phase.Active, Detail: "ImagePullFailed: no\x1b[2J such image\b"}
	log.Update([]phase.Phase{{Name: "Accepted", State: phase.Active}})
	log.Update([]phase.Phase{{Name: "Accepted", State: phase.Passed, Detail: "k8s v1.36.3"}, waiting})
	log.Update([]phase.Phase{{Name: "Accepted", State: phase.Passed, Detail: "k8s v1.36.3"}, waiting})
	log.Update([]phase.Phase{{Name: "Accepted", State: phase.Passed}, {Name: "Node booted", State: phase.Passed}})
	log.Close()
	want := `   1.0s  Accepted: k8s v1.36.3
   2.0s  ... Node booted: ImagePullFailed: no such image
   3.0s  Node booted
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("a line per phase that passes, and one per thing waited for: -want, +got:\n%s", diff)
	}
}

func TestChecklistLine(t *testing.T) {
	cases := map[string]struct {
		reason string
		color  bool
		phase  phase.Phase
		want   string
	}{
		"Passed":  {reason: "With when it passed.", phase: phase.Phase{Name: "A", State: phase.Passed}, want: " ✓    1.0s A"},
		"Active":  {reason: "With how long it has been.", phase: phase.Phase{Name: "B", State: phase.Active, Detail: "slow"}, want: " ⠋    2.0s B: slow"},
		"Failed":  {reason: "Marked.", phase: phase.Phase{Name: "B", State: phase.Failed, Detail: "no"}, want: " ✗    2.0s B: no"},
		"Waiting": {reason: "Without a time.", phase: phase.Phase{Name: "C", State: phase.Waiting}, want: "           C"},
		"Painted": {reason: "What a node says does not paint.", phase: phase.Phase{Name: "C", State: phase.Waiting, Detail: "\x1b[2Jno\u202e\n\bthing"}, want: "           C: no thing"},
		"Color":   {reason: "Colours where they may be.", color: true, phase: phase.Phase{Name: "C", State: phase.Waiting}, want: "           \x1b[2mC\x1b[m"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &Checklist{color: tc.color, track: newTrack(clock())}
			c.track.pass([]phase.Phase{{Name: "A", State: phase.Passed}})
			if diff := cmp.Diff(tc.want, c.line(tc.phase)); diff != "" {
				t.Errorf("%s\nline(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestChecklistRedraws(t *testing.T) {
	var out bytes.Buffer
	c := &Checklist{out: &out, width: 20, track: newTrack(clock())}
	phases := []phase.Phase{{Name: "A", State: phase.Active, Detail: strings.Repeat("long ", 10)}, {Name: "B", State: phase.Waiting}}
	c.Update(phases)
	first := out.Len()
	c.Update(phases)
	second := out.String()[first:]
	if !strings.HasPrefix(second, "\x1b[2A") {
		t.Errorf("the second drawing must begin two lines up, got %q", second)
	}
	if !strings.Contains(second, "long …\n") {
		t.Errorf("a line must not be wider than the terminal, or moving up goes wrong: %q", second)
	}
}
