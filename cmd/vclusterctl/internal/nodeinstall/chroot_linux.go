package nodeinstall

import (
	"fmt"
	"os"
	"syscall"
)

// Enter makes a folder the root of everything that follows: in a pod, the node's
// own file system, with its programs and sockets.
func Enter(root string) error {
	if err := syscall.Chroot(root); err != nil {
		return fmt.Errorf("enter the node's file system at %s: %w", root, err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter the node's file system at %s: %w", root, err)
	}
	return nil
}
