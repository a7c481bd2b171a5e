package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// cached returns the directory kept under kind and key, and makes it first
// where there is none. What fill leaves half done is never seen by others: the
// directory gets its name when it is complete.
func cached(cache, kind, key string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(cache, kind, key)
	if _, err := os.Stat(dir); err == nil {
		return dir, markUsed(dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), ".new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	if err := fill(temporary); err != nil {
		return "", err
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", err
	}
	return dir, settle(temporary, dir)
}

// markUsed dates a directory, for prune.
func markUsed(dir string) error {
	now := time.Now()
	return os.Chtimes(dir, now, now)
}

// keepUnused is how long something stays in the cache that nobody asks for.
const keepUnused = 14 * 24 * time.Hour

// prune removes what was last used before a moment, of the kinds given.
func prune(cache string, before time.Time, kinds ...string) error {
	for _, kind := range kinds {
		entries, err := os.ReadDir(filepath.Join(cache, kind))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || !info.ModTime().Before(before) {
				continue // gone by itself, or in use
			}
			if err := os.RemoveAll(filepath.Join(cache, kind, entry.Name())); err != nil {
				return fmt.Errorf("prune: %w", err)
			}
		}
	}
	return nil
}

// settle gives a complete directory its name. Somebody who was faster made the
// same thing.
func settle(temporary, dir string) error {
	err := os.Rename(temporary, dir)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return fmt.Errorf("keep %q: %w", dir, err)
}
