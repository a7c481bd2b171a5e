package child

import (
	"fmt"
	"os"
	"path/filepath"
)

// Files is a directory for what a program needs while it runs. Nobody else may
// look into it.
type Files struct{ dir string }

// NewFiles makes one: where the system keeps such things off the disk, if it
// does.
func NewFiles(getenv func(string) string) (*Files, error) {
	const pattern = "vclusterctl-"
	if runtimeDir := getenv("XDG_RUNTIME_DIR"); runtimeDir != "" {
		if dir, err := os.MkdirTemp(runtimeDir, pattern); err == nil {
			return &Files{dir: dir}, nil
		} // somebody else's, after a change of user
	}
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return nil, fmt.Errorf("make a directory for temporary files: %w", err)
	}
	return &Files{dir: dir}, nil
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
	if err := os.RemoveAll(f.dir); err != nil {
		return fmt.Errorf("remove temporary files: %w", err)
	}
	return nil
}
