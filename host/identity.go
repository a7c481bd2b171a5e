//go:build linux

package host

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
)

// credentials are who the host is, and how its node and we prove it.
type credentials struct {
	identity pki.Identity
	join     map[string][]byte
}

// ensureCredentials reads the host's credentials, or makes them where the host
// has no data yet. Data without an identity is never given a new one: its
// datastore would not be readable under it.
func ensureCredentials(n names, now time.Time) (credentials, error) {
	found, err := loadCredentials(n)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	if used, err := notEmpty(n.data); err != nil || used {
		return credentials{}, errors.Join(err, fmt.Errorf(
			"the host's identity in %q is gone, but its data in %q is not: put the identity back, or begin anew with \"vclusterctl host down --purge\"", n.identity, n.data))
	}
	made, err := newCredentials(now)
	if err != nil {
		return credentials{}, err
	}
	return made, saveCredentials(n, made)
}

func newCredentials(now time.Time) (credentials, error) {
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, now, rand.Reader)
	if err != nil {
		return credentials{}, fmt.Errorf("make the host's identity: %w", err)
	}
	join, err := pki.NewJoin(id, now, rand.Reader)
	if err != nil {
		return credentials{}, fmt.Errorf("make the host's join credentials: %w", err)
	}
	return credentials{identity: id, join: join}, nil
}

// loadCredentials returns fs.ErrNotExist where there are none.
func loadCredentials(n names) (credentials, error) {
	files, err := readDir(n.identity)
	if err != nil {
		return credentials{}, err
	}
	join, err := readDir(n.join)
	if err != nil {
		return credentials{}, err
	}
	id, err := pki.LoadIdentity(v1alpha1.DistroK8s, files)
	if err == nil {
		err = pki.ValidateJoin(id, join)
	}
	if err != nil {
		return credentials{}, fmt.Errorf("the host's identity in %q is damaged: %w: restore it, or begin anew with \"vclusterctl host down --purge\"", n.identity, err)
	}
	return credentials{identity: id, join: join}, nil
}

// saveCredentials writes the identity last and in one step: where it is there,
// everything is.
func saveCredentials(n names, c credentials) error {
	if err := os.MkdirAll(n.state, 0o700); err != nil {
		return fmt.Errorf("make the directory of the host: %w", err)
	}
	if err := replaceDir(n.join, c.join); err != nil {
		return err
	}
	return replaceDir(n.identity, c.identity.Files())
}

// readDir reads the files of a directory, by name.
func readDir(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read directory: %w", err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read directory: %w", err)
		}
		files[e.Name()] = data
	}
	return files, nil
}

// replaceDir puts a directory of files in place in one step.
func replaceDir(dir string, files map[string][]byte) error {
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".new-")
	if err != nil {
		return fmt.Errorf("write directory %q: %w", dir, err)
	}
	err = writeTree(temp, files)
	if err == nil {
		err = errors.Join(os.RemoveAll(dir), os.Rename(temp, dir))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write directory %q: %w", dir, err), os.RemoveAll(temp))
	}
	return nil
}

// writeTree writes files below a directory, for root's eyes only.
func writeTree(dir string, files map[string][]byte) error {
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(entries) > 0, err
}
