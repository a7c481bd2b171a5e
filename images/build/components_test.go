package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComponentsHaveModules(t *testing.T) {
	folders, err := filepath.Glob("../node/components/*/go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range components() {
		for _, file := range []string{"go.mod", "go.sum"} {
			if _, err := os.Stat(filepath.Join("../node/components", c.name, file)); err != nil {
				t.Errorf("component %q is not pinned: %v", c.name, err)
			}
		}
	}
	if len(folders) != len(components()) {
		t.Errorf("%d modules for %d components", len(folders), len(components()))
	}
}

func TestGoBuild(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   component
		want   []string
	}{
		"Plain": {
			"stripped, without paths and build ids",
			component{pkg: "."},
			[]string{"go", "build", "-trimpath", "-buildvcs=false", "-tags", "", "-ldflags", "-s -w -buildid=", "-o", "out/", "."},
		},
		"Everything": {
			"definitions are sorted; cgo links statically",
			component{pkg: "tool", tags: []string{"a", "b"}, defines: map[string]string{"x.Z": "2", "x.A": "1"}, cgo: true},
			[]string{
				"go", "build", "-trimpath", "-buildvcs=false", "-tags", "a,b", "-ldflags",
				"-s -w -buildid= -X x.A=1 -X x.Z=2 -extldflags '-static -Wl,--build-id=none'", "-o", "out/", "tool",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.args.goBuild("out")); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMajorMinor(t *testing.T) {
	if major, minor := majorMinor("v1.36.3"); major != "1" || minor != "36" {
		t.Errorf("majorMinor(v1.36.3): %q, %q", major, minor)
	}
}

// fakeRunner notes what it is asked to run and does nothing.
type fakeRunner struct{ ran []string }

func (f *fakeRunner) run(_ context.Context, c command) (string, error) {
	f.ran = append(f.ran, strings.Join(c.args, " "))
	return "", nil
}

func TestMakeComponentOnce(t *testing.T) {
	root := t.TempDir()
	source := filepath.Join(root, "images/node/components/x")
	if err := os.MkdirAll(source, 0o755); err != nil {
		t.Fatal(err)
	}
	run := &fakeRunner{}
	opts := options{root: root, cache: t.TempDir(), progress: io.Discard}
	compile := func(c component) string {
		dir, err := makeComponent(t.Context(), run, opts, c)
		if err != nil {
			t.Fatalf("makeComponent(...): %v", err)
		}
		return dir
	}
	first := compile(component{name: "x", pkg: "."})
	if again := compile(component{name: "x", pkg: "."}); again != first {
		t.Errorf("the same component is once in %q and once in %q", first, again)
	}
	if other := compile(component{name: "x", pkg: ".", tags: []string{"netgo"}}); other == first {
		t.Error("another tag gives the same key")
	}
	builds := 0
	for _, line := range run.ran {
		if strings.HasPrefix(line, "go build") {
			builds++
		}
	}
	if builds != 2 {
		t.Errorf("compiled %d times, want 2: %q", builds, run.ran)
	}
}
