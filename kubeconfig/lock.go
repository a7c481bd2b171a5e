package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// How long to wait for a lock that somebody else holds: kubectl holds one for
// milliseconds, a command that talks to a slow disk for a second or two.
const (
	lockFirstWait = 10 * time.Millisecond
	lockMaxWait   = 400 * time.Millisecond
	lockPatience  = 10 * time.Second
)

// locker takes the lock files that client-go takes: PATH.lock, which exists
// while the lock is held.
type locker struct {
	wait func(ctx context.Context, d time.Duration) error
}

// lock locks every path, in an order that is the same for everybody, and
// returns how to unlock them.
func (l locker) lock(ctx context.Context, paths []string) (unlock func() error, err error) {
	var held []string
	unlock = func() error { return removeAll(held) }
	for _, path := range slices.Sorted(slices.Values(paths)) {
		name := path + ".lock"
		if err := l.lockOne(ctx, path, name); err != nil {
			return nil, errors.Join(err, unlock())
		}
		held = append(held, name)
	}
	return unlock, nil
}

// lockOne creates one lock file, waiting as long as somebody else has it.
func (l locker) lockOne(ctx context.Context, path, name string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("create the folder of kubeconfig %q: %w", path, err)
	}
	waited, next := time.Duration(0), lockFirstWait
	for {
		err := createLock(name)
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("lock kubeconfig %q: %w", path, err)
		}
		if waited >= lockPatience {
			return fmt.Errorf("kubeconfig %q is locked: wait for the program that is changing it, or delete %q if there is none", path, name)
		}
		if err := l.wait(ctx, next); err != nil {
			return fmt.Errorf("wait for the lock of kubeconfig %q: %w", path, err)
		}
		waited += next
		next = min(2*next, lockMaxWait)
	}
}

func createLock(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what the lock was for
	}
	return f.Close() //nolint:wrapcheck // as above
}

func removeAll(names []string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}

// sleep waits for d, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
