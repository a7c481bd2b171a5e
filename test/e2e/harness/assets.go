package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Assets are what "make build image" leaves.
type Assets struct {
	// CLI is the program, NodeImage and ControllerImage are image archives.
	CLI, NodeImage, ControllerImage string
}

// FindAssets finds them in the repository that the current directory is in.
// Where one is missing the error says how to get it.
func FindAssets() (Assets, error) {
	root, err := repository()
	if err != nil {
		return Assets{}, err
	}
	dist := orElse(os.Getenv("VCLUSTERCTL_E2E_DIST"), filepath.Join(root, "dist"))
	a := Assets{
		CLI:             orElse(os.Getenv("VCLUSTERCTL_E2E_CLI"), filepath.Join(root, "bin", "vclusterctl")),
		NodeImage:       filepath.Join(dist, "node.tar"),
		ControllerImage: filepath.Join(dist, "controller.tar"),
	}
	for _, path := range []string{a.CLI, a.NodeImage, a.ControllerImage} {
		if _, err := os.Stat(path); err != nil {
			return Assets{}, fmt.Errorf("%w: run \"make build image\"", err)
		}
	}
	return a, nil
}

// repository is the directory above this one that has the module in it.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("find the repository: there is no go.mod above the current directory")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
