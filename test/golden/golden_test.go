package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listener is a test that fails in somebody else's place.
type listener struct {
	testing.TB

	said []string
}

func (l *listener) Helper() {}

func (l *listener) Errorf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

func (l *listener) Fatal(args ...any) { l.said = append(l.said, fmt.Sprint(args...)) }

func TestCheck(t *testing.T) {
	cases := map[string]struct {
		reason string
		file   string // what it says, and none for one that is not there
		got    string
		update bool
		want   string // a part of what is said
	}{
		"Same":    {reason: "Nothing is said of what is as it was.", file: "a\n", got: "a\n"},
		"Other":   {reason: "The difference is told, and how it is taken over.", file: "a\n", got: "b\n", want: "run with -update"},
		"Missing": {reason: "What was never recorded is not taken for granted.", got: "a\n", want: "no such file"},
		"New":     {reason: "It is recorded when asked for.", got: "a\n", update: true},
		"Changed": {reason: "And so is what has changed.", file: "a\n", got: "b\n", update: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			*update = tc.update
			t.Cleanup(func() { *update = false })
			file := filepath.Join(t.TempDir(), "testdata", "x.golden")
			if tc.file != "" {
				write(t, file, []byte(tc.file))
			}
			l := &listener{TB: t}
			Check(l, file, tc.reason, []byte(tc.got))
			if said := strings.Join(l.said, "\n"); (said == "") != (tc.want == "") || !strings.Contains(said, tc.want) {
				t.Errorf("%s\nCheck() said %q, want %q", tc.reason, said, tc.want)
			}
			if now, err := os.ReadFile(file); tc.update && (err != nil || string(now) != tc.got) {
				t.Errorf("%s\nrecorded is %q, %v", tc.reason, now, err)
			}
		})
	}
}
