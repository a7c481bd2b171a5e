package kubeconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// fileMode of every kubeconfig we write: it holds private keys.
const fileMode fs.FileMode = 0o600

// file is one of the user's kubeconfig files while it is being changed.
type file struct {
	path   string
	config *clientcmdapi.Config
	before []byte // config as it was read, encoded
}

// loadFile reads a kubeconfig file. One that is not there is empty.
func loadFile(path string) (*file, error) {
	config, err := clientcmd.LoadFromFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		config, err = clientcmdapi.NewConfig(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %q: %w", path, err)
	}
	before, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("encode kubeconfig %q: %w", path, err)
	}
	return &file{path: path, config: config, before: before}, nil
}

// save writes the file if its content has changed, and says whether it has.
func (f *file) save() (bool, error) {
	after, err := clientcmd.Write(*f.config)
	if err != nil {
		return false, fmt.Errorf("encode kubeconfig %q: %w", f.path, err)
	}
	if bytes.Equal(f.before, after) {
		return false, nil
	}
	if err := replaceFile(f.path, after); err != nil {
		return false, fmt.Errorf("write kubeconfig %q: %w", f.path, err)
	}
	return true, nil
}

// replaceFile puts data in the place of path in one step. A symbolic link
// stays one, and the owner stays the owner: root may be doing this for
// somebody else.
func replaceFile(path string, data []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = path, nil
	}
	if err != nil {
		return fmt.Errorf("follow symbolic link: %w", err)
	}
	temp, err := writeTemp(filepath.Dir(target), data)
	if err != nil {
		return err
	}
	if err := keepOwner(target, temp); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, target); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

// writeTemp writes data to a new file of mode fileMode and makes it durable.
func writeTemp(dir string, data []byte) (string, error) {
	f, err := os.CreateTemp(dir, ".kubeconfig-*")
	if err != nil {
		return "", fmt.Errorf("create temporary file: %w", err)
	}
	_, writeErr := f.Write(data)
	err = errors.Join(writeErr, f.Chmod(fileMode), f.Sync(), f.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
