// Package testbin finds the programs that "make testbin" builds for tests: the
// ones that node images carry, too.
package testbin

import (
	"os"
	"path/filepath"
	"testing"
)

const (
	dirEnv = "KUBEBUILDER_ASSETS"
	// requireEnv makes a missing program a failure.
	requireEnv = "VCLUSTERCTL_REQUIRE_ENVTEST"
)

// Path is where a program is. A test that cannot have it is skipped.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	if testing.Short() {
		tb.Skipf("-short leaves out what needs %s", name)
	}
	dir := os.Getenv(dirEnv)
	if dir == "" {
		dir = filepath.Join(moduleRoot(tb), "dist", "testbin")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv(requireEnv) != "" {
			tb.Fatalf("needs %s: run \"make testbin\": %v", name, err)
		}
		tb.Skipf("needs %s: run \"make testbin\": %v", name, err)
	}
	return path
}

// moduleRoot is the folder of go.mod: tests run in their package's folder.
func moduleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		tb.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	tb.Fatal("no go.mod above the working directory")
	return ""
}
