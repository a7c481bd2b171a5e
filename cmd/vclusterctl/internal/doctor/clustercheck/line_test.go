package clustercheck

import "testing"

func TestLine(t *testing.T) {
	cases := map[string]struct{ reason, text, want string }{
		"Plain":    {reason: "What is one line stays as it is.", text: "no such image", want: "no such image"},
		"Lines":    {reason: "A table has one line for it.", text: "a\n\tb  c\n", want: "a b c"},
		"Escapes":  {reason: "A tenant's words do not paint on the screen.", text: "\x1b[2J\x1b]0;title\x07gone\x1b[31m red", want: "gone red"},
		"Controls": {reason: "Nor do they move the cursor back.", text: "bad\b\b\bgood\x00", want: "badgood"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := line(tc.text); got != tc.want {
				t.Errorf("%s\ngot %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
