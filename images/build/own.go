package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/vclusterctl/vclusterctl/images"
)

// makeOwn compiles this project's binaries, as far as the targets need them,
// and pause. Nothing is kept: Go's own build cache decides what has to be
// compiled again.
func makeOwn(ctx context.Context, run runner, opts options, targets []string) (string, error) {
	dir, err := os.MkdirTemp("", "vclusterctl-own-")
	if err != nil {
		return "", err
	}
	if slices.Contains(targets, targetNode) {
		if err := compileOwn(ctx, run, opts.root, dir, "./cmd/guest", ""); err != nil {
			return dir, err
		}
		if err := makePause(ctx, run, opts, filepath.Join(dir, images.Pause)); err != nil {
			return dir, err
		}
	}
	if slices.Contains(targets, targetController) {
		return dir, compileOwn(ctx, run, opts.root, dir, "./cmd/vclusterctl", opts.ldflags)
	}
	return dir, nil
}

// compileOwn compiles one of this project's commands the way a component is.
func compileOwn(ctx context.Context, run runner, root, dir, pkg, ldflags string) error {
	own := component{pkg: pkg, ldflags: ldflags}
	_, err := run.run(ctx, command{dir: root, env: own.environment(), args: own.goBuild(dir)})
	return err
}

// makePause compiles pause as a small static binary.
func makePause(ctx context.Context, run runner, opts options, out string) error {
	_, err := run.run(ctx, command{
		dir: filepath.Join(opts.root, "images/node/pause"),
		args: []string{
			"gcc", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-Wl,--build-id=none",
			`-DVERSION="` + images.PauseVersion + `"`, "-o", out, "pause.c",
		},
	})
	return err
}

// apiPrograms are what tests start an API server of. The name chooses the
// component.
func apiPrograms(components map[string]string) map[string]string {
	return map[string]string{
		"kube-apiserver": filepath.Join(components["kubernetes"], "kubernetes"),
		"kubectl":        filepath.Join(components["kubernetes"], "kubernetes"),
		"etcd":           filepath.Join(components["etcd"], "etcd"),
		"containerd":     filepath.Join(components["containerd"], "containerd"),
	}
}

// gvisorPrograms are what a test gives a host that is to offer gVisor.
func gvisorPrograms(components map[string]string) map[string]string {
	return map[string]string{
		"runsc":                    filepath.Join(components["gvisor"], "runsc"),
		"containerd-shim-runsc-v1": filepath.Join(components["gvisor"], "shim"),
	}
}

// linkTestbin points at programs that tests start.
func linkTestbin(dir string, programs map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, target := range programs {
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
