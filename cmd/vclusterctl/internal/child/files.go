package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Files is a directory for what a program needs while it runs. Nobody else may
// look into it.
type Files struct {
	dir string
	// lock says, as long as it is open, that somebody needs the files.
	lock *os.File
}

const (
	filesPrefix = "vclusterctl-session-"
	lockName    = ".lock"
	// settleTime is far more than there is between a directory and its lock.
	settleTime = time.Minute
)

// NewFiles makes one: where the system keeps such things off the disk, if it
// does. What others have left there who were killed is removed.
func NewFiles(getenv func(string) string) (*Files, error) {
	root := os.TempDir()
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		root = dir
	}
	dir, err := os.MkdirTemp(root, filesPrefix)
	if err != nil && root != os.TempDir() { // somebody else's, after a change of user
		root = os.TempDir()
		dir, err = os.MkdirTemp(root, filesPrefix)
	}
	if err != nil {
		return nil, fmt.Errorf("make a directory for temporary files: %w", err)
	}
	f := &Files{dir: dir}
	if f.lock, err = lock(filepath.Join(dir, lockName)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock temporary files: %w", err), f.Remove())
	}
	sweep(root)
	return f, nil
}

// sweep removes what nobody needs any more. What it cannot remove is not ours.
func sweep(root string) {
	left, err := filepath.Glob(filepath.Join(root, filesPrefix+"*"))
	if err != nil {
		return // only a bad pattern is one
	}
	for _, dir := range left {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < settleTime {
			continue
		}
		if l, err := lock(filepath.Join(dir, lockName)); err == nil {
			_ = os.RemoveAll(dir)
			_ = l.Close()
		}
	}
}

// Write writes a file and gives its path.
func (f *Files) Write(name string, data []byte) (string, error) {
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("write a temporary file: %w", err)
	}
	return path, nil
}

// Remove removes all files.
func (f *Files) Remove() error {
	err := os.RemoveAll(f.dir)
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	if err != nil {
		return fmt.Errorf("remove temporary files: %w", err)
	}
	return nil
}
