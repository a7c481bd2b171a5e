package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// withoutK3s, as K3S_BINARY, leaves K3s out and asks no network.
const withoutK3s = "none"

// makeK3s returns the directory of what the node image gets of K3s: its binary,
// its version, and its programs unpacked. It is empty where there is no K3s to
// be had.
func makeK3s(ctx context.Context, run runner, opts options) (string, error) {
	binary, err := k3sBinary(ctx, opts)
	if err != nil || binary == "" {
		return "", err
	}
	k := newKey()
	if err := k.addFile("k3s", binary); err != nil {
		return "", fmt.Errorf("K3S_BINARY: %w", err)
	}
	k.add("1") // of the recipe below
	dir, err := cached(opts.cache, "k3s", k.String(), func(dir string) error { return fillK3s(ctx, run, opts, binary, dir) })
	if err != nil {
		return "", fmt.Errorf("distro k3s: %w", err)
	}
	return dir, nil
}

// k3sBinary is the binary that was given or else downloaded.
func k3sBinary(ctx context.Context, opts options) (string, error) {
	switch opts.k3s {
	case withoutK3s:
		opts.logf("distro k3s is left out, as K3S_BINARY=%s says", withoutK3s)
		return "", nil
	case "":
		return releasedK3s(opts).fetch(ctx)
	}
	return filepath.Abs(opts.k3s)
}

// fillK3s runs the binary, as the node will: what does not run here is no K3s
// for this machine's architecture.
func fillK3s(ctx context.Context, run runner, opts options, binary, dir string) error {
	own := filepath.Join(dir, "k3s")
	if err := copyExecutable(binary, own); err != nil {
		return err
	}
	out, err := run.run(ctx, command{args: []string{own, "--version"}})
	if err != nil {
		return err
	}
	version, err := k3sVersion(out)
	if err != nil {
		return fmt.Errorf("%s: %w", binary, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "version"), []byte(version+"\n"), 0o644); err != nil {
		return err
	}
	if err := unpackK3s(ctx, run, own, dir); err != nil {
		opts.logf("distro k3s: nodes unpack its programs themselves: %v", err)
	}
	return nil
}

func copyExecutable(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}

var k3sVersionLine = regexp.MustCompile(`(?m)^k3s version (v[0-9]+\.[0-9]+\.[0-9]+[-+][0-9A-Za-z.+-]+)\b`)

// k3sVersion reads the version and checks that it is one of the Kubernetes that
// the image is of: a cluster asks for a version of Kubernetes, and gets it from
// either distro.
func k3sVersion(out string) (string, error) {
	found := k3sVersionLine.FindStringSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("this is no k3s: --version says %q", out)
	}
	kubernetes, _, _ := strings.Cut(found[1], "+")
	if kubernetes != images.KubernetesVersion {
		return "", fmt.Errorf("k3s %s does not fit a node image of Kubernetes %s: give one of %[2]s+k3s1 or later", found[1], images.KubernetesVersion)
	}
	return found[1], nil
}

// unpackK3s lets the binary unpack its programs, as it would at the first boot
// of each node, and makes the links fit the place where nodes see them.
func unpackK3s(ctx context.Context, run runner, binary, dir string) error {
	env := []string{"K3S_DATA_DIR=" + dir}
	if _, err := run.run(ctx, command{env: env, args: []string{binary, "ctr", "--version"}}); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	data := filepath.Join(dir, "data")
	if found, err := filepath.Glob(filepath.Join(data, "*", "bin", "k3s")); err != nil || len(found) == 0 {
		return fmt.Errorf("it unpacked nothing; is this version of K3s installed here? (%w)", os.RemoveAll(data))
	}
	if err := os.RemoveAll(filepath.Join(data, ".lock")); err != nil {
		return err
	}
	return filepath.WalkDir(data, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.Type()&os.ModeSymlink == 0 {
			return err
		}
		return relink(name, dir, guestapi.K3sStateDir)
	})
}

// relink makes a link that leads below one directory lead below another.
func relink(name, from, to string) error {
	target, err := os.Readlink(name)
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(target, from+"/")
	if !ok {
		return nil
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	return os.Symlink(path.Join(to, rest), name)
}

// k3sTree is the layer of K3s.
func k3sTree(dir string) (*tree, error) {
	t := newTree()
	if err := t.copyFile(path.Join(binDir, "k3s"), 0o755, filepath.Join(dir, "k3s")); err != nil {
		return nil, err
	}
	if err := t.copyFile(clean(guestapi.K3sVersionFile), 0o644, filepath.Join(dir, "version")); err != nil {
		return nil, err
	}
	programs := newTree()
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		return t, nil //nolint:nilerr // nodes unpack them
	}
	if err := programs.copyTree(filepath.Join(dir, "data")); err != nil {
		return nil, err
	}
	for name, n := range programs.nodes {
		n.header.Name = path.Join(clean(guestapi.K3sDataDir), name)
		t.put(n)
	}
	return t, nil
}
