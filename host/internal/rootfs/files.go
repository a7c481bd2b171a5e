package rootfs

import (
	"errors"
	"fmt"
	"os"
	"path"
)

// WriteFiles writes files into a root file system, in the place of whatever is
// there, also of a symbolic link. Names are relative to the root.
func WriteFiles(dir string, files map[string]string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the root file system: %w", err)
	}
	defer root.Close()
	for name, content := range files {
		if err := writeFile(root, name, content); err != nil {
			return fmt.Errorf("write %q into the root file system: %w", name, err)
		}
	}
	return nil
}

func writeFile(root *os.Root, name, content string) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return root.WriteFile(name, []byte(content), 0o644)
}
