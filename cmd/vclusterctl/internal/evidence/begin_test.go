package evidence

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBegin: what we left goes, and nothing else.
func TestBegin(t *testing.T) {
	cases := map[string]struct {
		reason     string
		have, want []string
	}{
		"Ours":   {reason: "All of it was of an earlier run.", have: []string{"describe.txt", "cluster.yaml", "events.yaml", "junit.xml", "nodes/dev-server-0.log"}},
		"Others": {reason: "Other programs write there as well.", have: []string{"junit.xml", "test.log", "nodes/a.log", "nodes/mine.txt"}, want: []string{"nodes/mine.txt", "test.log"}},
		"New":    {reason: "There need not be anything."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			for _, path := range tc.have {
				put(t, filepath.Join(dir, path))
			}
			if err := Begin(dir); err != nil {
				t.Fatalf("%s\n%v", tc.reason, err)
			}
			var got []string
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					path, err = filepath.Rel(dir, path)
					got = append(got, filepath.ToSlash(path))
				}
				return err
			})
			if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Errorf("%s\n%v; left, -want, +got:\n%s", tc.reason, err, diff)
			}
		})
	}
}

func TestBeginFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	put(t, file)
	if err := Begin(filepath.Join(file, "out")); err == nil {
		t.Error("no directory can be in a file")
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "nodes"))
	if err := Begin(dir); err == nil {
		t.Error("logs cannot be put into a file")
	}
	if _, err := os.Stat(filepath.Join(dir, "nodes")); err != nil {
		t.Errorf("somebody else's file is removed: %v", err)
	}
}

func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
