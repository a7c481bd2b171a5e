package prepare

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// stateFile, beside the mark of the identity, names the state on the volume.
const stateFile = "state-id"

var stateForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// stateID names the state that a volume holds. A volume without a name is
// empty and gets a random one, so that whoever remembers the name sees when the
// state behind an identity has become another one.
func stateID(dir string) (string, error) {
	path := filepath.Join(dir, stateFile)
	held, err := readTrimmed(path)
	switch {
	case err == nil && stateForm.MatchString(held):
		return held, nil
	case err != nil && !os.IsNotExist(err):
		return "", fmt.Errorf("read the name of the state: %w", err)
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	id := hex.EncodeToString(random)
	if err := replaceFile(path, id+"\n"); err != nil {
		return "", fmt.Errorf("name the state: %w", err)
	}
	return id, nil
}

// replaceFile leaves the old content or the new one whatever happens meanwhile:
// half a name would look like another state.
func replaceFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
