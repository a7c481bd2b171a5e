package nodeinstall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock is held for as long as a node is being changed. The kernel lets go of it
// where its holder ends in whatever way, so that it tells a run that is at work
// from one that was cut off; who it is does not matter: another pod, or somebody
// on the node.
func (f Files) lock() (unlock func() error, err error) {
	path := f.path(Lock)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("keep other runs off this node: %w", err)
	}
	// It stays there afterwards: removed, another one could be made beside that
	// which somebody has open.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep other runs off this node: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(ErrBusy, file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keep other runs off this node, with %s: %w", Lock, err), file.Close())
	}
	return file.Close, nil
}
