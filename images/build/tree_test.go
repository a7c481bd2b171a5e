package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// treeOf makes a tree of empty files.
func treeOf(names ...string) *tree {
	t := newTree()
	for _, name := range names {
		t.file(name, 0o644, nil)
	}
	return t
}

func TestRemove(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		want   []string
	}{
		"Exact":    {"a path goes", []string{"etc/fstab"}, []string{"etc/passwd", "usr/share/doc/a/b"}},
		"Below":    {"a directory goes with all below it", []string{"usr/share/doc"}, []string{"etc/fstab", "etc/passwd"}},
		"Pattern":  {"a pattern matches one element", []string{"usr/share/*"}, []string{"etc/fstab", "etc/passwd"}},
		"NoMatch":  {"nothing goes by part of a name", []string{"etc/f"}, []string{"etc/fstab", "etc/passwd", "usr/share/doc/a/b"}},
		"Contents": {"a pattern for contents keeps other places", []string{"etc/*"}, []string{"usr/share/doc/a/b"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := treeOf("etc/fstab", "etc/passwd", "usr/share/doc/a/b")
			if err := got.remove(tc.args); err != nil {
				t.Fatalf("remove(%q): %v", tc.args, err)
			}
			if diff := cmp.Diff(tc.want, sortedKeys(got.nodes)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRemoveRefusesABrokenPattern(t *testing.T) {
	if err := treeOf("a").remove([]string{"["}); err == nil {
		t.Error("remove(\"[\"): want an error")
	}
}

func TestAddParents(t *testing.T) {
	below := newTree()
	below.dir("usr", 0o755)
	got := treeOf("/usr/local/bin/guest", "opt/x")
	got.addParents(below)
	want := []string{"opt", "opt/x", "usr/local", "usr/local/bin", "usr/local/bin/guest"}
	if diff := cmp.Diff(want, sortedKeys(got.nodes)); diff != "" {
		t.Errorf("addParents(...) leaves to a lower layer what it has: -want, +got:\n%s", diff)
	}
}

func TestCopyTree(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"etc/conf": 0o600, "run.sh": 0o700} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/run/x", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got := newTree()
	if err := got.copyTree(dir); err != nil {
		t.Fatalf("copyTree(...): %v", err)
	}
	modes := map[string]int64{}
	for name, n := range got.nodes {
		modes[name] = n.header.Mode
	}
	if diff := cmp.Diff(map[string]int64{"etc/conf": 0o644, "run.sh": 0o755, "link": 0o777}, modes); diff != "" {
		t.Errorf("copyTree(...) normalises modes: -want, +got:\n%s", diff)
	}
	if target := got.nodes["link"].header.Linkname; target != "/run/x" {
		t.Errorf("the link points at %q", target)
	}
}
