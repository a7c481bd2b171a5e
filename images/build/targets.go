package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// The targets, which are also what the command's arguments name.
const (
	targetNode       = "node"
	targetController = "controller"
	targetTestbin    = "testbin"
)

// parts are the cached inputs of the images.
type parts struct {
	rootfs     string            // tar archive made by mmdebstrap
	components map[string]string // component name -> directory of its binaries
	own        string            // directory of this project's binaries
}

// build makes the named targets.
func build(ctx context.Context, opts options, targets []string) error {
	for _, target := range targets {
		if !slices.Contains([]string{targetNode, targetController, targetTestbin}, target) {
			return fmt.Errorf("unknown target %q: want %s, %s or %s", target, targetNode, targetController, targetTestbin)
		}
	}
	started := time.Now()
	var run runner = executor{}
	if !opts.noSetup {
		if err := setUp(ctx, run, opts, thisMachine()); err != nil {
			return err
		}
	}
	made, err := makeParts(ctx, run, opts, targets)
	defer os.RemoveAll(made.own)
	if err != nil {
		return err
	}
	if err := makeTargets(opts, made, targets); err != nil {
		return err
	}
	if err := prune(opts.cache, started.Add(-keepUnused), "components", "layers", "rootfs"); err != nil {
		return err
	}
	opts.logf("done in %s", time.Since(started).Round(time.Millisecond*100))
	return nil
}

// makeParts builds what the targets need and the cache lacks. The root
// filesystem waits for the network while the compiler waits for nobody, so the
// two run side by side.
func makeParts(ctx context.Context, run runner, opts options, targets []string) (parts, error) {
	made := parts{components: map[string]string{}}
	images := slices.Contains(targets, targetNode) || slices.Contains(targets, targetController)
	group, ctx := errgroup.WithContext(ctx)
	if images {
		group.Go(func() error {
			var err error
			made.rootfs, err = makeRootfs(ctx, run, opts)
			return err
		})
	}
	group.Go(func() error {
		for _, c := range componentsFor(targets) {
			dir, err := makeComponent(ctx, run, opts, c)
			if err != nil {
				return err
			}
			made.components[c.name] = dir
		}
		if !images {
			return nil
		}
		var err error
		made.own, err = makeOwn(ctx, run, opts, targets)
		return err
	})
	err := group.Wait()
	return made, err
}

// makeTargets assembles the targets from their parts.
func makeTargets(opts options, made parts, targets []string) error {
	if slices.Contains(targets, targetTestbin) {
		if err := linkTestbin(filepath.Join(opts.dist, "testbin"), made.components); err != nil {
			return err
		}
	}
	if !slices.Contains(targets, targetNode) && !slices.Contains(targets, targetController) {
		return nil
	}
	debian, err := readRootfs(made.rootfs)
	if err != nil {
		return err
	}
	if slices.Contains(targets, targetNode) {
		if err := makeNode(opts, made, debian); err != nil {
			return fmt.Errorf("node image: %w", err)
		}
	}
	if slices.Contains(targets, targetController) {
		if err := makeController(opts, made, debian); err != nil {
			return fmt.Errorf("controller image: %w", err)
		}
	}
	return nil
}
