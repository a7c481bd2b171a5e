package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestConfirm(t *testing.T) {
	cases := map[string]struct {
		reason string
		typed  string
		want   bool
		rest   string
	}{
		"Enter":  {reason: "The default is yes.", typed: "\nmore", want: true, rest: "more"},
		"Yes":    {reason: "Yes is yes, and what follows is left unread.", typed: "y\nmore", want: true, rest: "more"},
		"No":     {reason: "No is no.", typed: "n\n"},
		"Closed": {reason: "A closed input agrees to nothing.", typed: ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := strings.NewReader(tc.typed)
			s := Streams{}
			s.In, s.ErrOut = in, &bytes.Buffer{}
			if got := s.Confirm("Sure?"); got != tc.want {
				t.Errorf("%s\nConfirm(): got %t", tc.reason, got)
			}
			if rest, _ := io.ReadAll(in); string(rest) != tc.rest {
				t.Errorf("%s\nleft unread: %q, want %q", tc.reason, rest, tc.rest)
			}
		})
	}
}
