package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
)

// keyLength is how much of a hash names a directory of the cache.
const keyLength = 24

// key is the name under which something is kept: a hash of all its inputs.
type key struct{ sum hash.Hash }

func newKey() key { return key{sum: sha256.New()} }

// add mixes strings in. Each is framed by its length, so that no two lists of
// strings look alike.
func (k key) add(values ...string) {
	for _, v := range values {
		fmt.Fprintf(k.sum, "%d:%s;", len(v), v)
	}
}

// addTree mixes in every file and symbolic link below a directory: path and
// content.
func (k key) addTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink == 0 {
			return k.addFile(filepath.ToSlash(rel), path)
		}
		target, err := os.Readlink(path)
		k.add(filepath.ToSlash(rel), "link", target)
		return err
	})
}

// addFile mixes in one file under a name of its own: content, and whether it
// may be executed.
func (k key) addFile(name, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	k.add(name, string(content))
	if plainMode(info.Mode()) == 0o755 {
		k.add("executable")
	}
	return nil
}

func (k key) String() string { return hex.EncodeToString(k.sum.Sum(nil))[:keyLength] }
