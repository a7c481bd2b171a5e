package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vclusterctl/vclusterctl/images"
)

// makeOwn compiles this project's binaries and pause. Go's own build cache
// decides what has to be compiled again.
func makeOwn(ctx context.Context, run executor, opts options) (string, error) {
	dir := filepath.Join(opts.cache, "own")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	own := component{pkg: "./cmd/..."}
	args := own.goBuild(dir)
	if opts.ldflags != "" {
		args[len(args)-4] += " " + opts.ldflags
	}
	args = append(args[:len(args)-1], "./cmd/vclusterctl", "./cmd/guest")
	if _, err := run.run(ctx, command{dir: opts.root, env: own.environment(), args: args}); err != nil {
		return "", fmt.Errorf("own binaries: %w", err)
	}
	return dir, makePause(ctx, run, opts, filepath.Join(dir, images.Pause))
}

// makePause compiles pause as a small static binary.
func makePause(ctx context.Context, run executor, opts options, out string) error {
	_, err := run.run(ctx, command{
		dir: filepath.Join(opts.root, "images/node/pause"),
		args: []string{"gcc", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-Wl,--build-id=none",
			`-DVERSION="` + images.PauseVersion + `"`, "-o", out, "pause.c"},
	})
	return err
}

// linkTestbin points at the binaries that API tests start. The name chooses
// the component.
func linkTestbin(dir string, components map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, target := range map[string]string{
		"kube-apiserver": filepath.Join(components["kubernetes"], "kubernetes"),
		"kubectl":        filepath.Join(components["kubernetes"], "kubernetes"),
		"etcd":           filepath.Join(components["etcd"], "etcd"),
	} {
		link := filepath.Join(dir, name)
		if err := os.RemoveAll(link); err != nil {
			return err
		}
		if err := os.Symlink(target, link); err != nil {
			return err
		}
	}
	return nil
}
