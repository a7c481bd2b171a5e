package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeRunner answers by the first word, and for dpkg-query by the package.
type fakeRunner struct {
	absent []string
	ran    []string
}

func (f *fakeRunner) run(_ context.Context, c command) (string, error) {
	if c.args[0] != "dpkg-query" {
		f.ran = append(f.ran, strings.Join(c.args, " "))
		return "", nil
	}
	if slices.Contains(f.absent, c.args[len(c.args)-1]) {
		return "", errors.New("no package found")
	}
	return "installed", nil
}

func TestSetUp(t *testing.T) {
	type want struct {
		ran []string
		err string
	}
	const install = "apt-get install --yes --no-install-recommends gcc mmdebstrap"
	cases := map[string]struct {
		reason string
		absent []string
		here   machine
		want   want
	}{
		"Complete": {"nothing is done where nothing is missing", nil, machine{}, want{}},
		"Root":     {"root on Debian installs", []string{"gcc", "mmdebstrap"}, machine{root: true, apt: true}, want{ran: []string{"apt-get update", install}}},
		"User":     {"others are told the command", []string{"gcc", "mmdebstrap"}, machine{apt: true}, want{err: "as root, run: " + install}},
		"NoApt":    {"without apt the packages are named", []string{"gcc"}, machine{root: true}, want{err: "missing, by Debian's names: gcc"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			run := &fakeRunner{absent: tc.absent}
			err := setUp(t.Context(), run, options{progress: io.Discard}, tc.here)
			if message := errorText(err); !strings.Contains(message, tc.want.err) || (tc.want.err == "") != (err == nil) {
				t.Errorf("%s: got error %q, want %q", tc.reason, message, tc.want.err)
			}
			if diff := cmp.Diff(tc.want.ran, run.ran); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
