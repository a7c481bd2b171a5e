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
	if err := shareNamespaceDir(); err != nil {
		return 0, fmt.Errorf("make network namespace %q: %w", name, err)
	}
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

// shareNamespaceDir makes the folder of named namespaces a shared mount, as
// "ip netns add" does when it finds none: were it left to that, the mount of a
// namespace made before would be hidden below, and could not be removed.
func shareNamespaceDir() error {
	if err := os.MkdirAll(namespaceDir, 0o755); err != nil {
		return err //nolint:wrapcheck // names the folder
	}
	err := unix.Mount("", namespaceDir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if !errors.Is(err, unix.EINVAL) { // what the kernel says of a folder that is no mount
		return err //nolint:wrapcheck // the caller says what this is about
	}
	if err := unix.Mount(namespaceDir, namespaceDir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %s over itself: %w", namespaceDir, err)
	}
	if err := unix.Mount("", namespaceDir, "none", unix.MS_SHARED|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("share %s: %w", namespaceDir, err)
	}
	return nil
}

// dropNamespaceDir removes the folder where nothing is left in it.
func dropNamespaceDir() {
	left, err := os.ReadDir(namespaceDir)
	if err != nil || len(left) > 0 {
		return
	}
	_ = unix.Unmount(namespaceDir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) // it is made again when needed
	_ = os.Remove(namespaceDir)
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
	dropNamespaceDir()
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
