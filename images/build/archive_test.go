package main

import (
	"encoding/json"
	"io"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const testRef = "localhost/test/image:v1"

// testImage is an image of one compressed layer.
func testImage(t *testing.T) v1.Image {
	t.Helper()
	l, err := zstdLayer(t.TempDir(), "files", sample(false), testDate)
	if err != nil {
		t.Fatalf("zstdLayer(...): %v", err)
	}
	image, err := makeImage(v1.Config{Entrypoint: []string{"/x"}}, []*layer{l}, testDate)
	if err != nil {
		t.Fatalf("makeImage(...): %v", err)
	}
	return image
}

func TestWriteArchiveIsADockerArchive(t *testing.T) {
	opts := options{dist: filepath.Join(t.TempDir(), "dist"), epoch: defaultEpoch}
	if err := writeArchive(opts, "image", testImage(t), testRef); err != nil {
		t.Fatalf("writeArchive(...): %v", err)
	}
	image, err := tarball.ImageFromPath(filepath.Join(opts.dist, "image.tar"), nil)
	if err != nil {
		t.Fatalf("ImageFromPath(...): %v", err)
	}
	config, err := image.ConfigFile()
	if err != nil || len(config.Config.Entrypoint) != 1 || !config.Created.Equal(testDate) {
		t.Errorf("config %v (error %v)", config, err)
	}
	files := mutate.Extract(image)
	defer files.Close()
	if n, err := io.Copy(io.Discard, files); err != nil || n == 0 {
		t.Errorf("extract: %d bytes, error %v", n, err)
	}
}

func TestArchiveTreeIsAnImageLayout(t *testing.T) {
	image := testImage(t)
	archive, err := archiveTree(image, testRef)
	if err != nil {
		t.Fatalf("archiveTree(...): %v", err)
	}
	raw, err := archive.nodes["index.json"].content()
	if err != nil {
		t.Fatal(err)
	}
	var index v1.IndexManifest
	if err := json.NewDecoder(raw).Decode(&index); err != nil {
		t.Fatalf("index.json: %v", err)
	}
	want, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != 1 || index.Manifests[0].Digest != want {
		t.Fatalf("index.json names %v, want %s", index.Manifests, want)
	}
	if got := index.Manifests[0].Annotations["io.containerd.image.name"]; got != testRef {
		t.Errorf("the image's name is %q, want %q", got, testRef)
	}
	if !archive.has(blobPath(want)) || !archive.has("oci-layout") {
		t.Errorf("the archive lacks its manifest or oci-layout: %v", sortedKeys(archive.nodes))
	}
}
