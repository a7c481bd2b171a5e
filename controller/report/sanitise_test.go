package report

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestClean(t *testing.T) {
	cases := map[string]struct {
		reason string
		in     string
		limit  int
		want   string
	}{
		"Plain":      {reason: "What is harmless stays.", in: "node ready: ä", limit: 100, want: "node ready: ä"},
		"Escape":     {reason: "A terminal must not be steered.", in: "a\x1b[31mb\r\nc", limit: 100, want: "a [31mb  c"},
		"Bidi":       {reason: "Text must not change its direction.", in: "a\u202eb", limit: 100, want: "a b"},
		"NotUTF8":    {reason: "The API refuses what is not UTF-8.", in: "a\xffb", limit: 100, want: "a b"},
		"Long":       {reason: "Status has little room.", in: "abcdef", limit: 3, want: "abc"},
		"LongRune":   {reason: "No character is cut in two.", in: "aä", limit: 2, want: "a"},
		"OnlySpaces": {reason: "Nothing is nothing.", in: " \n ", limit: 3, want: ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := clean(tc.in, tc.limit); got != tc.want {
				t.Errorf("%s\nclean(%q) = %q, want %q", tc.reason, tc.in, got, tc.want)
			}
		})
	}
}

func TestSanitise(t *testing.T) {
	bad := strings.Repeat("\x1bä", 2000)
	r := guestapi.Report{
		NodeName: bad, Version: bad, Role: guestapi.Role(bad), Distro: bad,
		Facts:    guestapi.Facts{UIDMap: slices.Repeat([]string{bad}, 1000), Kernel: bad, SeccompMode: bad, Snapshotter: bad},
		Nodes:    slices.Repeat([]guestapi.NodeState{{Name: bad, Message: bad, Version: bad, Group: bad, MachineID: bad}}, 1000),
		Problems: slices.Repeat([]guestapi.Problem{{Reason: "Not a word!\n", Message: bad}}, 1000),
		Timeline: []guestapi.Milestone{
			{Name: bad, Time: time.Unix(1, 0)},
			{Name: "Far", Time: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
	}
	got := sanitise(r)
	for name, s := range map[string]string{
		"nodeName": got.NodeName, "version": got.Version, "role": string(got.Role), "distro": got.Distro,
		"uidMap": got.Facts.UIDMap[0], "kernel": got.Facts.Kernel, "node": got.Nodes[0].Message, "group": got.Nodes[0].Group, "problem": got.Problems[0].Message,
	} {
		if len(s) > maxString || strings.Contains(s, "\x1b") || !utf8.ValidString(s) {
			t.Errorf("%s is %q", name, s)
		}
	}
	if len(got.Nodes) > maxItems || len(got.Problems) > maxItems || len(got.Facts.UIDMap) > maxItems {
		t.Errorf("lists are not cut: %d nodes, %d problems", len(got.Nodes), len(got.Problems))
	}
	if got.Problems[0].Reason != "Notaword" {
		t.Errorf("reason is %q", got.Problems[0].Reason)
	}
	want := []string{clean(bad, maxName)}
	var names []string
	for _, m := range got.Timeline {
		names = append(names, m.Name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("milestones that no API can hold are dropped: -want +got:\n%s", diff)
	}
}

func TestMapsToRoot(t *testing.T) {
	cases := map[string]struct {
		in   []string
		want bool
	}{
		"Mapped":     {in: []string{"         0  131072      65536"}, want: false},
		"TwoRanges":  {in: []string{"0 131072 65536", "65536 400000 10"}, want: false},
		"Root":       {in: []string{"0 0 4294967295"}, want: true},
		"LaterRange": {in: []string{"0 131072 65536", "70000 0 1"}, want: true},
		"Empty":      {in: nil, want: true},
		"Nonsense":   {in: []string{"hello"}, want: true},
		"Negative":   {in: []string{"0 -1 65536"}, want: true},
		"Padded":     {in: []string{"0 000 65536"}, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := MapsToRoot(tc.in); got != tc.want {
				t.Errorf("MapsToRoot(%q) = %v, want %v", tc.in, got, tc.want)
			}
		})
	}
}
