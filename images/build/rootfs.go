package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/images"
)

const (
	rootfsArchive = "rootfs.tar"
	rootfsSource  = "images/node/rootfs"
)

// makeRootfs has mmdebstrap install the package list unless the cache has it.
// The key knows nothing of the archive's state: packages stay as they are until
// somebody asks for newer ones.
func makeRootfs(ctx context.Context, run runner, opts options) (string, error) {
	packages, err := readList(filepath.Join(opts.root, rootfsSource, "packages.txt"))
	if err != nil {
		return "", err
	}
	args := debootstrap(packages, opts.mirror)
	k := newKey()
	k.add(args...)
	k.add(strconv.FormatInt(opts.epoch, 10))
	if opts.refresh {
		if err := os.RemoveAll(filepath.Join(opts.cache, "rootfs", k.String())); err != nil {
			return "", err
		}
	}
	dir, err := cached(opts.cache, "rootfs", k.String(), func(dir string) error {
		started := time.Now()
		opts.logf("rootfs: installing %d Debian packages and what they need", len(packages))
		_, err := run.run(ctx, command{
			env:  []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(opts.epoch, 10)},
			args: withTarget(args, filepath.Join(dir, rootfsArchive)),
		})
		opts.logf("rootfs: installed in %s", time.Since(started).Round(time.Second))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("root filesystem: %w", err)
	}
	return filepath.Join(dir, rootfsArchive), nil
}

// debootstrap is mmdebstrap's command line up to, but without, its target.
func debootstrap(packages []string, mirror string) []string {
	args := []string{
		"mmdebstrap", "--variant=minbase", "--format=tar",
		"--include=" + strings.Join(packages, ","),
		`--aptopt=APT::Install-Recommends "false"`,
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-exclude=/usr/share/info/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
		images.DebianCodename,
	}
	if mirror != "" {
		args = append(args, mirror)
	}
	return args
}

// withTarget puts the target behind the suite, where mmdebstrap wants it.
func withTarget(args []string, target string) []string {
	var out []string
	for _, arg := range args {
		out = append(out, arg)
		if arg == images.DebianCodename {
			out = append(out, target)
		}
	}
	return out
}

// readRootfs reads the archive that mmdebstrap made.
func readRootfs(path string) (*tree, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	debian := newTree()
	archive := tar.NewReader(file)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return debian, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", path, err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("read %q in %q: %w", header.Name, path, err)
		}
		debian.put(node{header: *header, content: bytesContent(content)})
	}
}

// readList reads a text file of one word per line; "#" begins a comment.
func readList(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var words []string
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		if word := strings.TrimSpace(line); word != "" {
			words = append(words, word)
		}
	}
	return words, nil
}
