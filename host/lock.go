//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockStep is how often a lock that somebody holds is tried again: a blocked
// flock cannot be cancelled.
const lockStep = 100 * time.Millisecond

// lock waits until no other command works on the host, and keeps others out
// until the returned function is called. The kernel drops the lock with the
// process, however that ends.
func lock(ctx context.Context, path string, report Reporter) (func(), error) {
	ticker := time.NewTicker(lockStep)
	defer ticker.Stop()
	for said := false; ; said = true {
		f, err := tryLock(path)
		if err != nil {
			return nil, err
		}
		if f != nil {
			return func() { unlock(f, path) }, nil
		}
		if !said {
			report.say("Wait", "another command works on the host; waiting for it")
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another command that works on the host: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

// tryLock returns nil where somebody else has the lock.
func tryLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of the host's lock: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the last holder removed the directory just now
	}
	if err != nil {
		return nil, fmt.Errorf("open the host's lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && sameFile(f, path) {
		return f, nil
	}
	_ = f.Close()
	if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("take the host's lock: %w", err)
	}
	return nil, nil
}

// sameFile says whether the path still leads to the file: its last holder
// removes it.
func sameFile(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(opened, there)
}

// unlock removes the file before it lets go, so that nothing is left behind.
// Whoever waits for the old file notices and takes the new one.
func unlock(f *os.File, path string) {
	_ = os.Remove(path)
	_ = os.Remove(filepath.Dir(path))
	_ = f.Close()
}
