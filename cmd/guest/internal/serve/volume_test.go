package serve

import (
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestJudge(t *testing.T) {
	const gib, mib = 1 << 30, 1 << 20
	cases := map[string]struct {
		reason string
		room   room
		before fill
		want   fill
	}{
		"Roomy":      {"Half is enough.", room{5 * gib, 10 * gib}, roomy, roomy},
		"Tight":      {"The kubelet begins to evict.", room{gib - 1, 10 * gib}, roomy, tight},
		"Full":       {"Too little for a datastore.", room{255 * mib, 10 * gib}, tight, full},
		"SmallFull":  {"A small volume is full later.", room{51 * mib, gib}, tight, full},
		"SmallTight": {"And not before.", room{60 * mib, gib}, roomy, tight},
		"LargeTight": {"A large one is never full with gigabytes left.", room{9 * gib, 1000 * gib}, roomy, tight},
		"StillFull":  {"A little room does not end it.", room{300 * mib, 10 * gib}, full, full},
		"NoMoreFull": {"Some does.", room{400 * mib, 10 * gib}, full, tight},
		"StillTight": {"The same for the other limit.", room{gib + gib/8, 10 * gib}, full, tight},
		"AllGone":    {"It clears.", room{2 * gib, 10 * gib}, full, roomy},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.room.judge(tc.before); got != tc.want {
				t.Errorf("%s\njudge() = %d, want %d", tc.reason, got, tc.want)
			}
		})
	}
}

func TestNoteVolume(t *testing.T) {
	store := report.NewStore(guestapi.Report{Degraded: []guestapi.Problem{{Reason: "NoResourceLimits"}}}, time.Now)
	r := room{200 << 20, 10 << 30}
	noteVolume(store, full, r, "/var/lib/vcluster")
	got := store.Current()
	if len(got.Problems) != 1 || got.Problems[0].Reason != reasonFull || len(got.Degraded) != 1 {
		t.Fatalf("a full volume: %+v", got)
	}
	for _, word := range []string{"200Mi of the 10Gi", "/var/lib/vcluster", "delete", "enlarge"} {
		if !strings.Contains(got.Problems[0].Message, word) {
			t.Errorf("the message does not say %q: %s", word, got.Problems[0].Message)
		}
	}
	noteVolume(store, tight, r, "/var/lib/vcluster")
	if got := store.Current(); len(got.Problems) != 0 || len(got.Degraded) != 2 || got.Degraded[1].Reason != reasonNearlyFull {
		t.Errorf("a nearly full one: %+v", got)
	}
	noteVolume(store, roomy, r, "/var/lib/vcluster")
	if got := store.Current(); len(got.Problems) != 0 || len(got.Degraded) != 1 {
		t.Errorf("one with room: %+v", got)
	}
}
