//go:build linux

package rootfs

import (
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Archive is an image archive as "docker save" writes it, holding one image.
type Archive struct {
	// Path of the file.
	Path string
	// Ref is the name that the archive gives its image.
	Ref string
	// ID identifies the content: the digest of the image's configuration,
	// which lists the digests of its layers. It costs no reading of layers.
	ID string

	image v1.Image
}

// Open reads what an archive holds.
func Open(path string) (Archive, error) {
	a, err := open(path)
	if err != nil {
		return Archive{}, fmt.Errorf("read image archive %q: %w", path, err)
	}
	return a, nil
}

func open(path string) (Archive, error) {
	manifest, err := tarball.LoadManifest(opener(path))
	if err != nil {
		return Archive{}, err
	}
	if len(manifest) != 1 || len(manifest[0].RepoTags) == 0 {
		return Archive{}, fmt.Errorf("it must hold exactly one image, with a name: it holds %d", len(manifest))
	}
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return Archive{}, err
	}
	id, err := image.ConfigName()
	if err != nil {
		return Archive{}, err
	}
	return Archive{Path: path, Ref: manifest[0].RepoTags[0], ID: id.String(), image: image}, nil
}

// dirName is a directory name for an image ID.
func dirName(id string) string { return strings.ReplaceAll(id, ":", "-") }
