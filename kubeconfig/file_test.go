package kubeconfig

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReplace: what becomes of a file that cannot be replaced.
func TestReplace(t *testing.T) {
	renameFails := func(err error) func(string, string) error {
		return func(from, to string) error { return &os.LinkError{Op: "rename", Old: from, New: to, Err: err} }
	}
	protected := func(path string, _ int, _ fs.FileMode) (*os.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	}
	type want struct {
		Content string
		Mode    fs.FileMode
		SameOne bool
	}
	old := "a kubeconfig that is longer than the new one"
	cases := map[string]struct {
		reason  string
		missing bool
		r       replacer
		want    want
		fails   string
	}{
		"Replaced":    {reason: "Nobody sees a half of it.", r: replacer{os.OpenFile, os.Rename}, want: want{Content: "new", Mode: 0o600}},
		"Missing":     {reason: "There is nothing in the way.", missing: true, r: replacer{os.OpenFile, os.Rename}, want: want{Content: "new", Mode: 0o600}},
		"MountPoint":  {reason: "A file that is mounted is written to, and private before that.", r: replacer{os.OpenFile, renameFails(syscall.EBUSY)}, want: want{Content: "new", Mode: 0o600, SameOne: true}},
		"OtherDevice": {reason: "So is one that its folder does not hold.", r: replacer{os.OpenFile, renameFails(syscall.EXDEV)}, want: want{Content: "new", Mode: 0o600, SameOne: true}},
		"Protected":   {reason: "Its owner does not want it changed.", r: replacer{protected, os.Rename}, want: want{Content: old, Mode: 0o644, SameOne: true}, fails: "make it writable"},
		"Broken":      {reason: "Any other failure leaves it as it was.", r: replacer{os.OpenFile, renameFails(syscall.EIO)}, want: want{Content: old, Mode: 0o644, SameOne: true}, fails: "input/output error"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config")
			var before fs.FileInfo
			if !tc.missing {
				writeFile(t, path, old)
				before = lookAt(t, path)
			}
			err := tc.r.replace(path, []byte("new"))
			if tc.fails == "" && err != nil {
				t.Fatalf("%s\n%v", tc.reason, err)
			}
			if tc.fails != "" {
				wantError(t, tc.reason, err, tc.fails)
			}
			after := lookAt(t, path)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := want{Content: string(data), Mode: after.Mode(), SameOne: before != nil && os.SameFile(before, after)}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".kubeconfig-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("%s\nleft behind: %v, %v", tc.reason, left, err)
			}
		})
	}
}

func lookAt(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}
