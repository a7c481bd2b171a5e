package kubeconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

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

// replacer replaces files. Its parts are what depends on who we are, and on
// where the file is.
type replacer struct {
	open   func(path string, flag int, mode fs.FileMode) (*os.File, error)
	rename func(from, to string) error
}

// replaceFile puts data in the place of path in one step. A symbolic link
// stays one, and the owner stays the owner: root may be doing this for
// somebody else.
func replaceFile(path string, data []byte) error {
	return replacer{open: os.OpenFile, rename: os.Rename}.replace(path, data)
}

func (r replacer) replace(path string, data []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = path, nil
	}
	if err != nil {
		return fmt.Errorf("follow symbolic link: %w", err)
	}
	if err := r.mayWrite(target); err != nil {
		return err
	}
	temp, err := writeTemp(filepath.Dir(target), data)
	if err != nil {
		return err
	}
	if err := keepOwner(target, temp); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	err = r.rename(temp, target)
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) {
		err = r.overwrite(target, data) // it is a mount point
	}
	return errors.Join(err, os.Remove(temp))
}

// mayWrite refuses files that their owner has protected from changes: who may
// write to the folder could replace them all the same.
func (r replacer) mayWrite(path string) error {
	f, err := r.open(path, os.O_WRONLY, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("it may not be changed: make it writable, or name another file in KUBECONFIG: %w", err)
	case err != nil:
		return err //nolint:wrapcheck // the caller says what it was for
	}
	return f.Close() //nolint:wrapcheck // as above
}

// overwrite writes to the file itself, as the file that a container was given
// must be. It is made private before there are keys in it.
func (r replacer) overwrite(path string, data []byte) error {
	f, err := r.open(path, os.O_WRONLY, 0)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was for
	}
	err = makePrivate(f)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.Write(data)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func makePrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&^fileMode == 0 {
		return err //nolint:wrapcheck // the caller says what it was for
	}
	return f.Chmod(fileMode) //nolint:wrapcheck // as above
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
