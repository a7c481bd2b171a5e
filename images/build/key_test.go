package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKeyAdd(t *testing.T) {
	type args struct{ a, b []string }
	cases := map[string]struct {
		reason string
		args   args
		want   bool // equal
	}{
		"Equal":   {"equal inputs give an equal key", args{[]string{"a", "b"}, []string{"a", "b"}}, true},
		"Order":   {"the order of flags matters", args{[]string{"a", "b"}, []string{"b", "a"}}, false},
		"Framing": {"the border between two values matters", args{[]string{"ab", "c"}, []string{"a", "bc"}}, false},
		"Number":  {"an empty value is a value", args{[]string{"a"}, []string{"a", ""}}, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a, b := newKey(), newKey()
			a.add(tc.args.a...)
			b.add(tc.args.b...)
			if got := a.String() == b.String(); got != tc.want {
				t.Errorf("%s: equal is %t, want %t", tc.reason, got, tc.want)
			}
		})
	}
}

func TestKeyAddTree(t *testing.T) {
	type file struct{ name, content string }
	base := []file{{"go.mod", "module x"}, {"sub/main.go", "package main"}}
	cases := map[string]struct {
		reason string
		args   []file
		want   bool // equal to base
	}{
		"Equal":   {"the place of the tree does not matter", base, true},
		"Content": {"changed content gives another key", []file{{"go.mod", "module y"}, {"sub/main.go", "package main"}}, false},
		"Name":    {"a renamed file gives another key", []file{{"go.mod", "module x"}, {"sub/other.go", "package main"}}, false},
		"Added":   {"one more file gives another key", append(base[:2:2], file{"z", ""}), false},
	}
	hash := func(t *testing.T, files []file) string {
		t.Helper()
		dir := t.TempDir()
		for _, f := range files {
			at := filepath.Join(dir, f.name)
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, []byte(f.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k := newKey()
		if err := k.addTree(dir); err != nil {
			t.Fatalf("addTree(%q): %v", dir, err)
		}
		return k.String()
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := hash(t, base) == hash(t, tc.args); got != tc.want {
				t.Errorf("%s: equal is %t, want %t", tc.reason, got, tc.want)
			}
		})
	}
}
