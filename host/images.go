//go:build linux

package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vclusterctl/vclusterctl/host/internal/process"
	"github.com/vclusterctl/vclusterctl/host/internal/rootfs"
)

// LoadImage puts the image of an archive into the running host, for its pods
// to use without a registry. An image that is there already is not loaded
// again.
func LoadImage(ctx context.Context, o Options, path string, report Reporter) error {
	_, n, err := begin(o)
	if err != nil {
		return err
	}
	unlock, err := lock(ctx, n.lock, report)
	if err != nil {
		return err
	}
	defer unlock()
	var r record
	if err := readJSON(n.record, &r); err != nil {
		return err
	}
	if !r.Init.Alive() {
		return ErrNotRunning
	}
	return load(ctx, inside(r), path, report)
}

func (s *starter) loadImages(ctx context.Context) error {
	for _, path := range append([]string{s.options.Image}, s.options.LoadImages...) {
		if err := load(ctx, inside(s.record), path, s.report); err != nil {
			return err
		}
	}
	return nil
}

func load(ctx context.Context, node process.Inside, path string, report Reporter) error {
	archive, err := rootfs.Open(path)
	if err != nil {
		return err
	}
	present, err := hasImage(ctx, node, archive)
	if err != nil || present {
		return err
	}
	report.say(StepLoad, "loading image "+archive.Ref)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open image archive: %w", err)
	}
	defer f.Close()
	if _, err := ctr(ctx, node, f, "images", "import", "-"); err != nil {
		return fmt.Errorf("load image %q from %q: %w", archive.Ref, path, err)
	}
	present, err = hasImage(ctx, node, archive)
	if err == nil && !present {
		err = fmt.Errorf("load image %q from %q: it is still not there", archive.Ref, path)
	}
	return err
}

// hasImage says whether the node has exactly the image of the archive under
// its name. The name of an image's configuration is the same in every format
// that an archive is converted to.
func hasImage(ctx context.Context, node process.Inside, a rootfs.Archive) (bool, error) {
	list, err := ctr(ctx, node, nil, "images", "list", "name=="+a.Ref)
	if err != nil {
		return false, fmt.Errorf("list the node's images: %w", err)
	}
	digest := imageDigest(list, a.Ref)
	if digest == "" {
		return false, nil
	}
	manifest, err := ctr(ctx, node, nil, "content", "get", digest)
	if err != nil {
		return false, fmt.Errorf("read the node's image %q: %w", a.Ref, err)
	}
	id, err := configOf(manifest)
	if err != nil {
		return false, fmt.Errorf("read the node's image %q: %w", a.Ref, err)
	}
	return id == a.ID, nil
}

// imageDigest finds the digest of an image in the table that ctr prints: REF,
// TYPE, DIGEST, ...
func imageDigest(table, ref string) string {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && fields[0] == ref {
			return fields[2]
		}
	}
	return ""
}

// configOf reads the digest of the configuration out of an image manifest. An
// index has none: it is not what loading an archive makes.
func configOf(manifest string) (string, error) {
	var m struct {
		Config struct {
			Digest string `json:"digest"`
		} `json:"config"`
	}
	if err := json.Unmarshal([]byte(manifest), &m); err != nil {
		return "", errors.Join(errors.New("its manifest is no JSON"), err)
	}
	return m.Config.Digest, nil
}

func ctr(ctx context.Context, node process.Inside, stdin *os.File, args ...string) (string, error) {
	args = append([]string{"ctr", "--namespace", "k8s.io"}, args...)
	if stdin == nil {
		return node.Run(ctx, nil, args...)
	}
	return node.Run(ctx, stdin, args...)
}
