package main

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStackLayersLeavesDirectoriesToTheLayerBelow(t *testing.T) {
	base := newTree()
	base.dir("root", 0o700)
	top := treeOf("root/file")
	_, err := stackLayers(options{cache: t.TempDir()}, []namedTree{{"base", base}, {"top", top}})
	if err != nil {
		t.Fatalf("stackLayers(...): %v", err)
	}
	if diff := cmp.Diff([]string{"root/file"}, sortedKeys(top.nodes)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestStackLayersRefusesAPathThroughALink(t *testing.T) {
	base := newTree()
	base.put(node{header: tar.Header{Name: "bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"}})
	_, err := stackLayers(options{cache: t.TempDir()}, []namedTree{{"base", base}, {"top", treeOf("bin/x")}})
	if err == nil || !strings.Contains(err.Error(), `use "usr/bin/x"`) {
		t.Errorf("got error %v, want one that says where to put it", err)
	}
}
