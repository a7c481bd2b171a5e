package main

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// node is one file of a layer.
type node struct {
	header  tar.Header
	content content
}

// content can be read more than once; its length is in the header.
type content func() (io.ReadCloser, error)

func bytesContent(b []byte) content {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

func fileContent(name string) content {
	return func() (io.ReadCloser, error) { return os.Open(name) }
}

// tree is the files of a layer by their path, which has no slash at either end.
type tree struct{ nodes map[string]node }

func newTree() *tree { return &tree{nodes: map[string]node{}} }

// clean brings a path into the form that a tree uses.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// put adds a node under the name in its header; what was there is replaced.
func (t *tree) put(n node) {
	name := clean(n.header.Name)
	if name == "" {
		return
	}
	n.header.Name = name
	t.nodes[name] = n
}

// has says whether something is at a path.
func (t *tree) has(name string) bool {
	_, found := t.nodes[clean(name)]
	return found
}

// dir adds a directory.
func (t *tree) dir(name string, mode fs.FileMode) {
	t.put(node{header: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: int64(mode)}})
}

// file adds a regular file with the given content.
func (t *tree) file(name string, mode fs.FileMode, data []byte) {
	t.put(node{
		header:  tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: int64(mode), Size: int64(len(data))},
		content: bytesContent(data),
	})
}

// link adds a symbolic link.
func (t *tree) link(name, target string) {
	t.put(node{header: tar.Header{Name: name, Typeflag: tar.TypeSymlink, Mode: 0o777, Linkname: target}})
}

// copyFile adds a file of the machine.
func (t *tree) copyFile(name string, mode fs.FileMode, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	t.put(node{
		header:  tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: int64(mode), Size: info.Size()},
		content: fileContent(from),
	})
	return nil
}

// copyTree adds every file and symbolic link below a directory of the machine.
// Only the executable bit of a file's mode counts: a checkout under another
// umask must not give another image.
func (t *tree) copyTree(from string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(name)
			t.link(filepath.ToSlash(rel), target)
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return t.copyFile(filepath.ToSlash(rel), plainMode(info.Mode()), name)
	})
}

// plainMode is 0755 for what its owner may execute and 0644 for the rest.
func plainMode(mode fs.FileMode) fs.FileMode {
	if mode&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// remove drops what matches one of the shell patterns, with all that is below.
func (t *tree) remove(patterns []string) error {
	for name := range t.nodes {
		matched, err := matchAny(patterns, name)
		if err != nil {
			return err
		}
		if matched {
			delete(t.nodes, name)
		}
	}
	return nil
}

// matchAny matches a path or one of its parents against shell patterns.
func matchAny(patterns []string, name string) (bool, error) {
	for ; name != "."; name = path.Dir(name) {
		for _, pattern := range patterns {
			matched, err := path.Match(pattern, name)
			if matched || err != nil {
				return matched, err
			}
		}
	}
	return false, nil
}

// addParents adds the directories that lead to the tree's nodes, except those
// that a layer below already has: it knows their modes.
func (t *tree) addParents(below *tree) {
	for _, name := range slices.Collect(maps.Keys(t.nodes)) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if !t.has(dir) && (below == nil || !below.has(dir)) {
				t.dir(dir, 0o755)
			}
		}
	}
}

// sorted lists the nodes in the order of their paths, hard links last: their
// targets must come first.
func (t *tree) sorted() []node {
	var plain, hard []node
	for _, name := range sortedKeys(t.nodes) {
		if n := t.nodes[name]; n.header.Typeflag == tar.TypeLink {
			hard = append(hard, n)
		} else {
			plain = append(plain, n)
		}
	}
	return append(plain, hard...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
