package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// makeImage stacks layers below a configuration.
func makeImage(config v1.Config, layers []*layer, date time.Time) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS: "linux", Architecture: architecture(), Created: v1.Time{Time: date}, Config: config,
		RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	for _, l := range layers {
		image, err = mutate.Append(image, mutate.Addendum{
			Layer: l, MediaType: l.media,
			History: v1.History{Created: v1.Time{Time: date}, CreatedBy: l.name},
		})
		if err != nil {
			return nil, fmt.Errorf("add layer %q: %w", l.name, err)
		}
	}
	return image, nil
}

// archiveTree lays an image out as an archive that is an OCI image layout and
// a docker archive in one, as "docker save" writes it: everything that loads
// images reads one of the two.
func archiveTree(image v1.Image, ref string) (*tree, error) {
	t := newTree()
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	if err := addManifests(t, image, ref, manifest); err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	for i, l := range layers {
		t.put(node{
			header:  tar.Header{Name: blobPath(manifest.Layers[i].Digest), Typeflag: tar.TypeReg, Mode: 0o644, Size: manifest.Layers[i].Size},
			content: l.Compressed,
		})
	}
	return t, nil
}

// addManifests adds everything but the layers.
func addManifests(t *tree, image v1.Image, ref string, manifest *v1.Manifest) error {
	raw, err := image.RawManifest()
	if err != nil {
		return err
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	t.file(blobPath(digest), 0o644, raw)
	t.file(blobPath(manifest.Config.Digest), 0o644, config)
	t.file("oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return addIndexes(t, ref, manifest, v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Digest: digest, Size: int64(len(raw)),
		Annotations: map[string]string{
			"io.containerd.image.name":          ref,
			"org.opencontainers.image.ref.name": tagOf(ref),
		},
	})
}

// addIndexes adds the two tables of contents: index.json for an OCI layout and
// manifest.json for a docker archive.
func addIndexes(t *tree, ref string, manifest *v1.Manifest, image v1.Descriptor) error {
	layers := make([]string, 0, len(manifest.Layers))
	for _, l := range manifest.Layers {
		layers = append(layers, blobPath(l.Digest))
	}
	return addJSON(t, map[string]any{
		"index.json": v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{image}},
		"manifest.json": []map[string]any{{
			"Config": blobPath(manifest.Config.Digest), "RepoTags": []string{ref}, "Layers": layers,
		}},
	})
}

func addJSON(t *tree, files map[string]any) error {
	for name, value := range files {
		data, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		t.file(name, 0o644, data)
	}
	return nil
}

func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

func tagOf(ref string) string { return ref[strings.LastIndex(ref, ":")+1:] }

// archiveBytes is an image's archive in memory.
func archiveBytes(image v1.Image, ref string, date time.Time) ([]byte, error) {
	t, err := archiveTree(image, ref)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = writeTar(&out, t, date)
	return out.Bytes(), err
}

// writeArchive writes an image's archive NAME.tar, and its reference with its
// digest to NAME.digest: what reads the docker archive in it computes another
// digest than the one that containerd knows the image by.
func writeArchive(opts options, name string, image v1.Image, ref string) error {
	t, err := archiveTree(image, ref)
	if err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	err = atomically(filepath.Join(opts.dist, name+".tar"), func(w io.Writer) error {
		return writeTar(w, t, opts.time())
	})
	if err != nil {
		return err
	}
	return atomically(filepath.Join(opts.dist, name+".digest"), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s@%s\n", ref, digest)
		return err
	})
}

// atomically writes a file that others see only when it is complete.
func atomically(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
