package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The names of what Save writes.
const (
	describeFile = "describe.txt"
	clusterFile  = "cluster.yaml"
	eventsFile   = "events.yaml"
	nodesDir     = "nodes"
	logSuffix    = ".log"
)

// Begin makes a directory ready for what Save and WriteJUnit write, or says that
// it cannot be. What they left there before goes: nobody could tell it from what
// is to come. Everything else stays.
func Begin(dir string) error {
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = probe(dir)
	}
	if err == nil {
		err = clearOut(dir)
	}
	if err != nil {
		return fmt.Errorf("prepare the directory for the output: %w", err)
	}
	return nil
}

// probe writes to a directory what nobody needs.
func probe(dir string) error {
	file, err := os.CreateTemp(dir, ".vclusterctl-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// clearOut removes what was written before.
func clearOut(dir string) error {
	old := []string{describeFile, clusterFile, eventsFile, JUnitFile}
	nodes, err := os.ReadDir(filepath.Join(dir, nodesDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, n := range nodes {
		if filepath.Ext(n.Name()) == logSuffix {
			old = append(old, filepath.Join(nodesDir, n.Name()))
		}
	}
	for _, name := range append(old, nodesDir) {
		err := os.Remove(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) { // the last: it is not empty
			return err
		}
	}
	return nil
}
