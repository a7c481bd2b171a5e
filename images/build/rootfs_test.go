package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("# all\na\n\n  b # why\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readList(path)
	if err != nil {
		t.Fatalf("readList(...): %v", err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestDebootstrap(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   string
		want   []string
	}{
		"Default": {"mmdebstrap knows Debian's mirrors, security included", "", []string{"trixie", "/out.tar"}},
		"Mirror":  {"a mirror comes last", "http://mirror", []string{"trixie", "/out.tar", "http://mirror"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := withTarget(debootstrap([]string{"a", "b"}, tc.args), "/out.tar")
			if diff := cmp.Diff(tc.want, got[len(got)-len(tc.want):]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
