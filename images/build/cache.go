package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// cached returns the directory kept under kind and key, and makes it first
// where there is none. What fill leaves half done is never seen by others: the
// directory gets its name when it is complete.
func cached(cache, kind, key string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(cache, kind, key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
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

// settle gives a complete directory its name. Somebody who was faster made the
// same thing.
func settle(temporary, dir string) error {
	err := os.Rename(temporary, dir)
	if errors.Is(err, fs.ErrExist) || err == nil {
		return nil
	}
	return fmt.Errorf("keep %q: %w", dir, err)
}
