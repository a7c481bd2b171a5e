//go:build linux

package cgroups

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Lines of mountinfo as machines have them.
const (
	rootLine    = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw"
	tmpfsLine   = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs rw,mode=755"
	cpuLine     = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu"
	pidsLine    = "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:17 master:3 - cgroup cgroup rw,pids"
	hybridLine  = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"
	unifiedLine = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate"
	lockedLine  = "41 31 0:38 / /sys/fs/cgroup ro,relatime - cgroup2 cgroup2 rw,nsdelegate"
	elsewhere   = `50 27 0:38 / /mnt/my\040groups rw,relatime - cgroup2 cgroup2 rw`
)

func TestDetect(t *testing.T) {
	cases := map[string]struct {
		reason string
		lines  []string
		want   Machine
		err    string
	}{
		"Unified": {
			reason: "cgroup2 on the usual place is a unified machine.",
			lines:  []string{rootLine, unifiedLine},
			want:   Machine{Mode: Unified, Mount: "/sys/fs/cgroup"},
		},
		"UnifiedTwice": {
			reason: "A second mount elsewhere does not make it another machine.",
			lines:  []string{rootLine, elsewhere, unifiedLine},
			want:   Machine{Mode: Unified, Mount: "/sys/fs/cgroup"},
		},
		"Hybrid": {
			reason: "cgroup2 beside v1 hierarchies is a hybrid machine.",
			lines:  []string{rootLine, tmpfsLine, pidsLine, cpuLine, hybridLine},
			want:   Machine{Mode: Hybrid, Mount: "/sys/fs/cgroup/unified", V1: []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/pids"}},
		},
		"Escaped": {
			reason: "A mount point with a space in its name is read.",
			lines:  []string{rootLine, tmpfsLine, cpuLine, elsewhere},
			want:   Machine{Mode: Hybrid, Mount: "/mnt/my groups", V1: []string{"/sys/fs/cgroup/cpu"}},
		},
		"Legacy": {
			reason: "v1 hierarchies alone are a legacy machine.",
			lines:  []string{rootLine, tmpfsLine, cpuLine},
			want:   Machine{Mode: Legacy, V1: []string{"/sys/fs/cgroup/cpu"}},
		},
		"Covered": {
			reason: "What is mounted over cannot be reached.",
			lines:  []string{rootLine, unifiedLine, tmpfsLine, cpuLine},
			want:   Machine{Mode: Legacy, V1: []string{"/sys/fs/cgroup/cpu"}},
		},
		"Nothing": {
			reason: "A machine without any hierarchy is a legacy one without v1.",
			lines:  []string{rootLine, "half a line"},
			want:   Machine{Mode: Legacy},
		},
		"ReadOnly": {
			reason: "Inside most containers the hierarchy cannot be written, and nothing else would help.",
			lines:  []string{rootLine, lockedLine},
			err:    "mounted read-only",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			root := fakeFiles(t, map[string]string{"proc/self/mountinfo": strings.Join(tc.lines, "\n") + "\n"})
			got, err := Detect(root)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("\n%s\nDetect(...): want an error with %q, got %v", tc.reason, tc.err, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nDetect(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// fakeFiles writes a tree of files and returns its root.
func fakeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
