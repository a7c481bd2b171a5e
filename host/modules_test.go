//go:build linux

package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnsureModule(t *testing.T) {
	cases := map[string]struct {
		reason  string
		present bool // before
		makes   bool // the proof appears
		fails   error
		loads   bool // it was tried
		want    string
	}{
		"Present":  {reason: "What is part of the kernel, or loaded, is left alone.", present: true},
		"Loaded":   {reason: "What is not is loaded.", makes: true, loads: true},
		"Absent":   {reason: "The machine's own words say why it cannot be.", fails: errors.New("exit status 1"), loads: true, want: `"some_module": modprobe: exit status 1: not found in directory`},
		"NoEffect": {reason: "A tool that says yes and does nothing is not believed.", loads: true, want: "no such file"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			proof := filepath.Join(t.TempDir(), "proof")
			if tc.present {
				touch(t, proof)
			}
			loaded := false
			err := ensureModule(t.Context(), "some_module", proof, func(context.Context, string) ([]byte, error) {
				loaded = true
				if tc.makes {
					touch(t, proof)
				}
				return []byte("not found in directory\n"), tc.fails
			})
			if loaded != tc.loads {
				t.Errorf("%s tried to load it: got %t, want %t", tc.reason, loaded, tc.loads)
			}
			if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || !errors.Is(err, ErrUnsupported)) {
				t.Errorf("%s got error %v, want %q", tc.reason, err, tc.want)
			}
		})
	}
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
