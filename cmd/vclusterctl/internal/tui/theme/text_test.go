package theme

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	cases := map[string]struct {
		reason string
		in     string
		want   string
		ascii  string
	}{
		"Plain":     {reason: "Most texts stay.", in: "all is well", want: "all is well", ascii: "all is well"},
		"Lines":     {reason: "A row has one line.", in: "a\nb\tc\r\n", want: "a b c  ", ascii: "a b c  "},
		"Colours":   {reason: "Colours are ours to give.", in: "\x1b[31mred\x1b[0m", want: "red", ascii: "red"},
		"Screen":    {reason: "Nobody else clears the screen.", in: "\x1b[2Jgone\x1b[H", want: "gone", ascii: "gone"},
		"Title":     {reason: "Nor sets titles or the clipboard.", in: "\x1b]52;c;ZXZpbA==\x07x", want: "x", ascii: "x"},
		"C1":        {reason: "Without its introducer a sequence is only text.", in: "a\u009b2Jb", want: "a2Jb", ascii: "a2Jb"},
		"Direction": {reason: "What is read is what is there.", in: "a\u202eb", want: "ab", ascii: "ab"},
		"Wide":      {reason: "Other scripts are fine where they can be shown.", in: "größe \u540d\u524d", want: "größe \u540d\u524d", ascii: "gr??e ??"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, New(true, false).Clean(tc.in)); diff != "" {
				t.Errorf("%s\nClean(): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.ascii, New(true, true).Clean(tc.in)); diff != "" {
				t.Errorf("%s\nClean() in ASCII: -want, +got:\n%s", tc.reason, diff)
			}
			if strings.ContainsAny(New(true, false).Clean(tc.in), "\x1b\u009b\x07") {
				t.Errorf("%s\nClean() left an escape sequence in %q", tc.reason, tc.in)
			}
		})
	}
}

func TestFit(t *testing.T) {
	cases := map[string]struct {
		reason string
		in     string
		width  int
		want   string
	}{
		"Pads":   {reason: "Columns line up.", in: "dev", width: 5, want: "dev  "},
		"Exact":  {reason: "What fits is not cut.", in: "dev", width: 3, want: "dev"},
		"Cuts":   {reason: "What is cut says so.", in: "development", width: 5, want: "deve…"},
		"Wide":   {reason: "A wide letter takes two columns, and none is cut in half.", in: "\u540d\u524d\u540d\u524d", width: 4, want: "\u540d… "},
		"Narrow": {reason: "There may be no room at all.", in: "dev", width: 0, want: ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := New(true, false).Fit(tc.in, tc.width)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nFit(): -want, +got:\n%s", tc.reason, diff)
			}
			if ansi.StringWidth(got) != tc.width {
				t.Errorf("%s\nFit() is %d wide", tc.reason, ansi.StringWidth(got))
			}
		})
	}
}

func TestBar(t *testing.T) {
	th := New(false, true)
	for _, tc := range []struct {
		part, whole int
		want        string
	}{{0, 7, "......."}, {4, 7, "####..."}, {7, 7, "#######"}, {9, 7, "#######"}, {1, 0, "......."}, {-1, 7, "......."}} {
		if got := th.Bar(tc.part, tc.whole, 7); got != tc.want {
			t.Errorf("Bar(%d, %d): got %q, want %q", tc.part, tc.whole, got, tc.want)
		}
	}
}

// TestThemes: without colours there are none, and ASCII is ASCII.
func TestThemes(t *testing.T) {
	plain := New(false, true)
	for name, style := range map[string]interface{ Render(...string) string }{
		"title": plain.Title, "muted": plain.Muted, "good": plain.Good, "busy": plain.Busy, "bad": plain.Bad,
		"calm": plain.Calm, "selected": plain.Selected, "match": plain.Match, "key": plain.Key, "box": plain.Box,
	} {
		shown := style.Render("x")
		for _, sgr := range []string{"[3", "[4", "[9", ";3", ";4", ";9"} {
			if strings.Contains(shown, sgr) {
				t.Errorf("%s has a colour: %q", name, shown)
			}
		}
		if ansi.Strip(shown) != strings.Map(func(r rune) rune {
			if r > 127 {
				return -1
			}
			return r
		}, ansi.Strip(shown)) {
			t.Errorf("%s is not ASCII: %q", name, shown)
		}
	}
}
