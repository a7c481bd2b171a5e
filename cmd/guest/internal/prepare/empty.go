package prepare

import (
	"fmt"
	"os"
	"path/filepath"
)

// k3sMayBeEmpty are the folders below K3s's own where a machine that lost its
// power leaves files without content.
var k3sMayBeEmpty = []string{"server/cred", "server/tls", "agent"}

// dropEmpty removes files without content from where K3s keeps its credentials.
// It makes what is missing anew, or takes it from the datastore; over an empty
// file that is newer than what is stored there it gives up for ever.
func (k k3s) dropEmpty() error {
	for _, name := range k3sMayBeEmpty {
		dir := filepath.Join(k.stateDir, name)
		entries, err := os.ReadDir(dir)
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("look for empty files: %w", err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || !info.Mode().IsRegular() || info.Size() > 0 {
				continue // one that is gone by now need not go
			}
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return fmt.Errorf("remove an empty file: %w", err)
			}
		}
	}
	return nil
}
