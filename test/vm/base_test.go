package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallScript(t *testing.T) {
	plain, err := installScript(options{})
	if err != nil {
		t.Fatal(err)
	}
	mirrored, err := installScript(options{mirror: "http://mirror.example/debian"})
	if err != nil {
		t.Fatal(err)
	}
	if plain.key() == mirrored.key() {
		t.Error("what comes from another mirror must not be taken for the same")
	}
	var all string
	for _, c := range plain {
		all += strings.Join(c.in("/there"), "\n") + "\n"
	}
	for _, want := range []string{"/there/root", "\n/there\n", `>"$1"/etc/fstab`} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in:\n%s", want, all)
		}
	}
	if strings.Contains(all, placeholder) {
		t.Errorf("the place of the result was not filled in:\n%s", all)
	}
}

// What a failed installation leaves must not be taken for a machine.
func TestInstall(t *testing.T) {
	cases := map[string]struct {
		reason string
		script script
		want   bool
	}{
		"Complete": {reason: "What is complete gets its name.", script: script{command{"touch", placeholder + "/disk"}}, want: true},
		"Failed":   {reason: "What is not never does.", script: script{command{"touch", placeholder + "/disk"}, command{"false"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "vm", "key")
			err := install(context.Background(), dir, tc.script)
			_, statErr := os.Stat(filepath.Join(dir, "disk"))
			if (err == nil) != tc.want || (statErr == nil) != tc.want {
				t.Errorf("%s install(): %v, disk: %v", tc.reason, err, statErr)
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".new-*"))
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
