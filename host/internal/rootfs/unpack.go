//go:build linux

package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func opener(path string) tarball.Opener {
	return func() (io.ReadCloser, error) { return os.Open(path) }
}

// Dir is where the image with an ID is unpacked below base.
func Dir(base, id string) string { return filepath.Join(base, dirName(id)) }

// Unpack unpacks the archive below base and returns the directory. An image
// that is unpacked already is not unpacked again: the directory gets its name
// only when it is complete.
func (a Archive) Unpack(ctx context.Context, base string) (string, error) {
	dir := Dir(base, a.ID)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", fmt.Errorf("make the directory for unpacked images: %w", err)
	}
	temp, err := os.MkdirTemp(base, ".unpacking-")
	if err != nil {
		return "", fmt.Errorf("make the directory to unpack the image into: %w", err)
	}
	if err := a.unpackInto(ctx, temp); err != nil {
		return "", errors.Join(fmt.Errorf("unpack image %q from %q: %w", a.Ref, a.Path, remedy(err)), os.RemoveAll(temp))
	}
	if err := os.Rename(temp, dir); err != nil {
		return "", errors.Join(fmt.Errorf("put the unpacked image in its place: %w", err), os.RemoveAll(temp))
	}
	return dir, nil
}

// remedy adds what to do about an error that has a usual cause.
func remedy(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: free some disk space", err)
	}
	return err
}

func (a Archive) unpackInto(ctx context.Context, dir string) error {
	files := mutate.Extract(a.image)
	defer files.Close()
	// The root directory is what the image says, not what MkdirTemp says.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return extract(ctx, dir, files)
}

// Prune removes what is below base but the image to keep: older images, and
// what an interrupted unpacking left.
func Prune(base, keep string) error {
	entries, err := os.ReadDir(base)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list unpacked images: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if e.Name() != dirName(keep) {
			errs = append(errs, os.RemoveAll(filepath.Join(base, e.Name())))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove unpacked images that are no longer used: %w", err)
	}
	return nil
}
