package node

import "testing"

func TestQuote(t *testing.T) {
	tests := map[string]struct {
		reason, word, want string
	}{
		"Plain":     {reason: "What needs no quotes stays readable.", word: "--v=2", want: "--v=2"},
		"Blank":     {reason: "Both readers see quotes of their own.", word: `--a=b "c"`, want: `"\"--a=b \\\"c\\\"\""`},
		"LineBreak": {reason: "A second ARGS would replace every flag, reserved ones too.", word: "--v=2\nARGS=--x", want: "\"\\\"--v=2\nARGS=--x\\\"\""},
		"Return":    {reason: "systemd ends a line there as well.", word: "--v=2\rARGS=--x", want: "\"\\\"--v=2\rARGS=--x\\\"\""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := quote(tc.word); got != tc.want {
				t.Errorf("%s\nquote(%q) = %s, want %s", tc.reason, tc.word, got, tc.want)
			}
		})
	}
}
