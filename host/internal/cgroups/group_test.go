//go:build linux

package cgroups

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCreate(t *testing.T) {
	root := fakeFiles(t, map[string]string{
		"cgroup.controllers":      "memory cpu pids\n",
		"cgroup.subtree_control":  "",
		"host/cgroup.controllers": "pids cpu\n",
	})
	got, err := Create(root, "host")
	if err != nil {
		t.Fatal(err)
	}
	want := Group{Dir: filepath.Join(root, "host"), Controllers: []string{"cpu", "pids"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("\nWhat counts is what the kernel gave, in a fixed order.\nCreate(...): -want, +got:\n%s", diff)
	}
}

func TestCreateRefused(t *testing.T) {
	root := fakeFiles(t, map[string]string{
		"cgroup.controllers":             "cpu pids\n",
		"cgroup.subtree_control/refuses": "",
		"host/cgroup.controllers":        "\n",
	})
	got, err := Create(root, "host")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"cpu: is a directory", "pids: is a directory"}
	if diff := cmp.Diff(want, got.Refused); diff != "" {
		t.Errorf("\nA refusal is said, and is no failure.\nCreate(...): -want, +got:\n%s", diff)
	}
}

func TestProcesses(t *testing.T) {
	root := fakeFiles(t, map[string]string{
		"host/cgroup.procs":        "",
		"host/init/cgroup.procs":   "7\n",
		"host/pods/a/cgroup.procs": "12\n7\n3\n",
	})
	cases := map[string]struct {
		reason string
		dir    string
		want   []int
	}{
		"Tree": {reason: "Processes below count, each once, sorted.", dir: "host", want: []int{3, 7, 12}},
		"Gone": {reason: "A group that is not there has no processes.", dir: "other"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Processes(filepath.Join(root, tc.dir))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nProcesses(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDirsAndRemove(t *testing.T) {
	root := t.TempDir()
	m := Machine{Mode: Hybrid, Mount: filepath.Join(root, "unified"), V1: []string{filepath.Join(root, "cpu"), filepath.Join(root, "pids")}}
	for _, dir := range []string{"cpu/host", "unified/host/a/b", "unified/host/c", "pids/other"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{filepath.Join(root, "cpu/host"), filepath.Join(root, "unified/host")}
	if diff := cmp.Diff(want, m.Dirs("host")); diff != "" {
		t.Errorf("\nOnly hierarchies that have the group count.\nDirs(...): -want, +got:\n%s", diff)
	}
	for _, dir := range append(want, filepath.Join(root, "missing")) {
		if err := Remove(dir); err != nil {
			t.Error(err)
		}
	}
	if left := m.Dirs("host"); len(left) > 0 {
		t.Errorf("Remove(...) left %q", left)
	}
	if _, err := os.Stat(filepath.Join(root, "pids/other")); err != nil {
		t.Errorf("Remove(...) took what is not ours: %v", err)
	}
}
