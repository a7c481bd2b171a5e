package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

func TestWithFigures(t *testing.T) {
	tests := map[string]struct{ reason, page, want string }{
		"Replaced": {
			reason: "All that was printed before goes, and nothing else.",
			page:   "a\n" + pageBegin + "old\n\nold\n" + pageEnd + "b\n",
			want:   "a\n" + pageBegin + "\nnew\n\n" + pageEnd + "b\n",
		},
		"Empty":   {reason: "The first time there is nothing.", page: pageBegin + pageEnd, want: pageBegin + "\nnew\n\n" + pageEnd},
		"NoBegin": {reason: "Nobody knows where figures belong.", page: "a\n" + pageEnd},
		"NoEnd":   {reason: "What follows must not be lost.", page: pageBegin + "b\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := withFigures(tc.page, "new\n")
			if (err != nil) != (tc.want == "") || got != tc.want {
				t.Errorf("%s\nwithFigures() = %q, %v, want %q", tc.reason, got, err, tc.want)
			}
		})
	}
}

// TestPageTakesFigures: the page of the documentation can be given new figures.
func TestPageTakesFigures(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	got, err := withFigures(string(page), "FIGURES\n")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got, "| **") || !strings.Contains(got, "FIGURES") {
		t.Error("docs/performance.md has tables of figures outside of what is replaced")
	}
}

func TestRewrite(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("no place\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(page, "new\n"); err == nil || !strings.Contains(err.Error(), page) {
		t.Errorf("rewrite() = %v, want an error that names the page", err)
	}
	if left, err := os.ReadFile(page); err != nil || string(left) != "no place\n" {
		t.Errorf("a page without a place for figures became %q, %v", left, err)
	}
}

func TestNoteOn(t *testing.T) {
	k3s := harness.Distros()[1]
	build := program{version: "v1.36.3+k3s1", sum: "abc…"}
	tests := map[string]struct {
		reason  string
		note    note
		absent  bool
		has, no []string
	}{
		"NotCarried": {
			reason: "A stranger is told why there are no rows, and how to get them.", note: noteOn(k3s, false, program{}, nil, ""),
			absent: true, has: []string{"not measured", "K3S_BINARY=/path/to/k3s make bench"},
		},
		"Refused": {
			reason: "K3s says itself what it misses.", note: noteOn(k3s, true, build, []string{"cpu"}, "failed to find cpu cgroup (v2)"),
			absent: true, has: []string{"not measured", "here cpu are not", "failed to find cpu cgroup (v2)."},
		},
		"Changed": {
			reason: "No released K3s runs there, so what did is no released one.", note: noteOn(k3s, true, build, []string{"cpu", "pids"}, ""),
			has: []string{"v1.36.3+k3s1", "abc…", "cpu, pids", "check taken out"},
		},
		"Ordinary": {
			reason: "Nothing is wrong.", note: noteOn(k3s, true, build, nil, ""),
			has: []string{"v1.36.3+k3s1", "abc…"}, no: []string{"check taken out"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if tc.note.absent != tc.absent {
				t.Errorf("%s\nabsent = %t", tc.reason, tc.note.absent)
			}
			for _, words := range tc.has {
				if !strings.Contains(tc.note.text, words) {
					t.Errorf("%s\n%q lacks %q", tc.reason, tc.note.text, words)
				}
			}
			for _, words := range tc.no {
				if strings.Contains(tc.note.text, words) {
					t.Errorf("%s\n%q has %q", tc.reason, tc.note.text, words)
				}
			}
			table := render(absentSections([]note{tc.note}))
			if strings.Contains(table, "**Distro k3s**") != tc.absent {
				t.Errorf("%s\nthe table:\n%s", tc.reason, table)
			}
		})
	}
}

func TestHeading(t *testing.T) {
	m := machine{
		at: time.Date(2026, 11, 22, 1, 2, 0, 0, time.UTC), processors: 2, processor: "a processor", kernel: "6.18", memory: 8 << 30,
		load: "0.10", controllers: "none", repeated: "5 repetitions",
	}
	const want = "2026-11-22 01:02 UTC, all in one run: 2 processors (a processor), 8192 MiB, kernel 6.18, cgroup controllers delegated: none; " +
		"load average at the end 0.10. Figures are medians (smallest–largest) of 5 repetitions.\n\nK3s is changed.\n"
	if got := heading(m, []note{{text: "K3s is changed."}}); got != want {
		t.Errorf("heading() = %q, want %q", got, want)
	}
}
