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

// addTree mixes in every regular file below a directory: path and content.
func (k key) addTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		k.add(filepath.ToSlash(name), string(content))
		return err
	})
}

func (k key) String() string { return hex.EncodeToString(k.sum.Sum(nil))[:keyLength] }
