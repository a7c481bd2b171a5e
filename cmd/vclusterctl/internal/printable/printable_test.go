package printable

import "testing"

func TestText(t *testing.T) {
	cases := map[string]struct{ reason, text, want, line string }{
		"Plain":     {reason: "Most texts stay.", text: "all is well", want: "all is well", line: "all is well"},
		"Lines":     {reason: "A row has one line.", text: "a\n\tb  c\r\n", want: "a  b  c  ", line: "a b c"},
		"Escapes":   {reason: "Nobody else clears the screen, or gives it colours.", text: "\x1b[2J\x1b[Hgone \x1b[31mred\x1b[0m", want: "gone red", line: "gone red"},
		"Title":     {reason: "Nor sets titles or the clipboard.", text: "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07x", want: "x", line: "x"},
		"Controls":  {reason: "Nor moves the cursor back.", text: "bad\b\b\bgood\x00\x7f", want: "badgood", line: "badgood"},
		"C1":        {reason: "Without its introducer a sequence is only text.", text: "a\u009b2Jb", want: "a2Jb", line: "a2Jb"},
		"Direction": {reason: "What is read is what is there.", text: "a\u202e\u2066\u200fb", want: "ab", line: "ab"},
		"Between":   {reason: "What is taken out leaves no gap.", text: "a \x00 b", want: "a  b", line: "a b"},
		"Wide":      {reason: "Other scripts are fine.", text: "größe \u540d\u524d", want: "größe \u540d\u524d", line: "größe \u540d\u524d"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Text(tc.text); got != tc.want {
				t.Errorf("%s\nText: got %q, want %q", tc.reason, got, tc.want)
			}
			if got := Line(tc.text); got != tc.line {
				t.Errorf("%s\nLine: got %q, want %q", tc.reason, got, tc.line)
			}
		})
	}
}
