//go:build linux

package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// makeNamespace makes the named network namespace.
func makeNamespace(name string) (netns.NsHandle, error) {
	type made struct {
		ns  netns.NsHandle
		err error
	}
	done := make(chan made)
	go func() {
		// Making a namespace moves the thread into it. The thread is never
		// unlocked, so it ends with this goroutine instead of being reused.
		runtime.LockOSThread()
		ns, err := netns.NewNamed(name)
		done <- made{ns, err}
	}()
	m := <-done
	if m.err != nil {
		return 0, fmt.Errorf("make network namespace %q: %w", name, m.err)
	}
	return m.ns, nil
}

// removeNamespace takes the name of the network namespace away; the namespace
// itself goes with its last process.
func removeNamespace(n Names) error {
	path := n.NamespacePath()
	if err := unmountAll(path); err != nil {
		return fmt.Errorf("unmount network namespace %q: %w", n.Namespace, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove network namespace %q: %w", n.Namespace, err)
	}
	_ = os.Remove(namespaceDir) // stays if there is more in it
	return nil
}

// unmountAll unmounts everything stacked on a path.
func unmountAll(path string) error {
	for {
		err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
		switch {
		case errors.Is(err, unix.EINVAL), errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
	}
}
