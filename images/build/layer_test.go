package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testDate = time.Unix(defaultEpoch, 0).UTC()

// sample is a tree with one node of each kind, put in the given order.
func sample(reverse bool) *tree {
	nodes := []node{
		{header: tar.Header{Name: "./b/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Now()}},
		{header: tar.Header{Name: "b/link", Typeflag: tar.TypeSymlink, Linkname: "file"}},
		{header: tar.Header{Name: "a", Typeflag: tar.TypeLink, Linkname: "./b/file", Mode: 0o644}},
		{
			header: tar.Header{
				Name: "b/file", Typeflag: tar.TypeReg, Mode: 0o4755, Size: 2, Gid: 42, Uname: "somebody", Gname: "staff",
				ModTime: time.Now(), PAXRecords: map[string]string{"mtime": "1.5", "SCHILY.xattr.security.capability": "x"},
			},
			content: bytesContent([]byte("hi")),
		},
	}
	t := newTree()
	for i := range nodes {
		if reverse {
			i = len(nodes) - 1 - i
		}
		t.put(nodes[i])
	}
	return t
}

func TestWriteTarIsDeterministic(t *testing.T) {
	var one, two bytes.Buffer
	if err := writeTar(&one, sample(false), testDate); err != nil {
		t.Fatalf("writeTar(...): %v", err)
	}
	if err := writeTar(&two, sample(true), testDate); err != nil {
		t.Fatalf("writeTar(...): %v", err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the order in which nodes are put changes the archive")
	}
}

func TestWriteTarHeaders(t *testing.T) {
	var out bytes.Buffer
	if err := writeTar(&out, sample(false), testDate); err != nil {
		t.Fatalf("writeTar(...): %v", err)
	}
	type seen struct {
		Name, Link, User string
		Mode             int64
		Gid              int
		Date             int64
		Attributes       map[string]string
	}
	date := testDate.Unix()
	want := []seen{
		{Name: "b/", Mode: 0o755, Date: date},
		{Name: "b/file", Mode: 0o4755, Gid: 42, Date: date, Attributes: map[string]string{"SCHILY.xattr.security.capability": "x"}},
		{Name: "b/link", Link: "file", Date: date},
		{Name: "a", Link: "b/file", Mode: 0o644, Date: date},
	}
	var got []seen
	archive := tar.NewReader(&out)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, seen{h.Name, h.Linkname, h.Uname + h.Gname, h.Mode, h.Gid, h.ModTime.Unix(), h.PAXRecords})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sorted, hard links last, one date, no names: -want, +got:\n%s", diff)
	}
}

func TestZstdLayer(t *testing.T) {
	cache := t.TempDir()
	one, err := zstdLayer(cache, "one", sample(false), testDate)
	if err != nil {
		t.Fatalf("zstdLayer(...): %v", err)
	}
	two, err := zstdLayer(t.TempDir(), "two", sample(true), testDate)
	if err != nil {
		t.Fatalf("zstdLayer(...): %v", err)
	}
	if one.digest != two.digest || one.diffID != two.diffID {
		t.Errorf("equal trees give layers %s and %s", one.digest, two.digest)
	}
	content, err := one.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(content)
	if err != nil || int64(len(plain)) != one.plain {
		t.Errorf("uncompressed: %d bytes (error %v), want %d", len(plain), err, one.plain)
	}
}
