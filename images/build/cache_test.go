package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCached(t *testing.T) {
	cache := t.TempDir()
	filled := 0
	fill := func(dir string) error {
		filled++
		return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)
	}
	first, err := cached(cache, "kind", "key", fill)
	if err != nil {
		t.Fatalf("cached(...): %v", err)
	}
	second, err := cached(cache, "kind", "key", fill)
	if err != nil {
		t.Fatalf("cached(...) again: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" || filled != 1 {
		t.Errorf("cached(...): filled %d times, want once; -first, +second:\n%s", filled, diff)
	}
	if _, err := os.Stat(filepath.Join(first, "file")); err != nil {
		t.Errorf("what was filled in is not there: %v", err)
	}
}

func TestCachedKeepsNothingHalfDone(t *testing.T) {
	cache := t.TempDir()
	broken := errors.New("broken")
	_, err := cached(cache, "kind", "key", func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("cached(...): got error %v, want %v", err, broken)
	}
	left, err := os.ReadDir(filepath.Join(cache, "kind"))
	if err != nil || len(left) != 0 {
		t.Errorf("cached(...) left %v behind (error %v)", left, err)
	}
}

func TestPrune(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cache := t.TempDir()
	for name, used := range map[string]time.Time{"old": now.Add(-time.Hour), "new": now.Add(time.Hour)} {
		dir := filepath.Join(cache, "kind", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, used, used); err != nil {
			t.Fatal(err)
		}
	}
	if err := prune(cache, now, "kind", "absent"); err != nil {
		t.Fatalf("prune(...): %v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "kind", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(cache, "kind", "new")}, left); diff != "" {
		t.Errorf("prune(...): -want, +got:\n%s", diff)
	}
}
