package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vclusterctl/vclusterctl/images"
)

// The targets, which are also what the command's arguments name.
const (
	targetNode       = "node"
	targetController = "controller"
	targetTestbin    = "testbin"
	// targetGVisor is apart from the others: it takes minutes to compile, and
	// only end-to-end tests need it.
	targetGVisor = "gvisor"
)

// parts are the cached inputs of the images.
type parts struct {
	rootfs     string            // tar archive made by mmdebstrap
	components map[string]string // component name -> directory of its binaries
	own        string            // directory of this project's binaries
	k3s        string            // directory of K3s, where there is one
}

// build makes the named targets.
func build(ctx context.Context, opts options, targets []string) error {
	for _, target := range targets {
		if !slices.Contains([]string{targetNode, targetController, targetTestbin, targetGVisor}, target) {
			return fmt.Errorf("unknown target %q: want %s, %s, %s or %s", target, targetNode, targetController, targetTestbin, targetGVisor)
		}
	}
	if len(targets) > 1 && slices.Contains(targets, targetGVisor) {
		return fmt.Errorf("target %s: build it by itself", targetGVisor)
	}
	started := time.Now()
	var run runner = executor{}
	made, err := makeParts(ctx, run, opts, targets)
	defer os.RemoveAll(made.own)
	if err != nil {
		return err
	}
	if err := makeTargets(opts, made, targets); err != nil {
		return err
	}
	if err := prune(opts.cache, started.Add(-keepUnused), "components", "downloads", "k3s", "layers", "rootfs"); err != nil {
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
	wanted := slices.Contains(targets, targetNode) || slices.Contains(targets, targetController)
	group, ctx := errgroup.WithContext(ctx)
	if wanted {
		group.Go(func() error {
			var err error
			made.rootfs, err = makeRootfs(ctx, run, opts)
			return err
		})
	}
	if slices.Contains(targets, targetNode) {
		group.Go(func() error {
			var err error
			made.k3s, err = makeK3s(ctx, run, opts)
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
		if !wanted {
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
		if err := linkTestbin(filepath.Join(opts.dist, "testbin"), apiPrograms(made.components)); err != nil {
			return err
		}
	}
	if slices.Contains(targets, targetGVisor) {
		if err := linkTestbin(filepath.Join(opts.dist, "testbin"), gvisorPrograms(made.components)); err != nil {
			return err
		}
	}
	stale, err := staleImages(opts, made, targets)
	if err != nil || len(stale) == 0 {
		return err
	}
	debian, err := readRootfs(made.rootfs)
	if err != nil {
		return err
	}
	for name, key := range stale {
		if err := makers[name](opts, made, debian); err != nil {
			return fmt.Errorf("%s image: %w", name, err)
		}
		if err := os.WriteFile(keyFile(opts, name), []byte(key), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// makers assemble the images.
var makers = map[string]func(options, parts, *tree) error{
	targetNode:       makeNode,
	targetController: makeController,
}

// staleImages maps the images among the targets that have to be assembled to
// the keys of their inputs. The others were made of the same inputs.
func staleImages(opts options, made parts, targets []string) (map[string]string, error) {
	stale := map[string]string{}
	for name := range makers {
		if !slices.Contains(targets, name) {
			continue
		}
		key, err := imageKey(opts, made, name)
		if err != nil {
			return nil, err
		}
		if isCurrent(opts, name, key) {
			opts.logf("%s: nothing has changed", filepath.Join(opts.dist, name+".tar"))
			continue
		}
		stale[name] = key
	}
	return stale, nil
}

// isCurrent says whether an image's archive is there and was made of the
// inputs with that key.
func isCurrent(opts options, name, key string) bool {
	made, err := os.ReadFile(keyFile(opts, name))
	if err != nil || string(made) != key {
		return false
	}
	for _, file := range []string{name + ".tar", name + ".digest"} {
		if _, err := os.Stat(filepath.Join(opts.dist, file)); err != nil {
			return false
		}
	}
	return true
}

func keyFile(opts options, name string) string { return filepath.Join(opts.dist, "."+name+".key") }

// imageKey hashes all that goes into an image, the program that assembles it
// included.
func imageKey(opts options, made parts, name string) (string, error) {
	k := newKey()
	k.add(name, made.rootfs, opts.version, strconv.FormatInt(opts.epoch, 10))
	for _, component := range sortedKeys(made.components) {
		k.add(component, made.components[component])
	}
	trees := []string{filepath.Join(opts.root, "images")}
	files := []string{filepath.Join(opts.root, "go.sum"), filepath.Join(made.own, "vclusterctl")}
	if name == targetNode {
		trees = append(trees, filepath.Join(opts.root, "templates/nodefs"))
		files = []string{files[0], filepath.Join(made.own, "guest"), filepath.Join(made.own, images.Pause)}
		k.add(made.k3s)
	}
	for _, dir := range trees {
		if err := k.addTree(dir); err != nil {
			return "", err
		}
	}
	for _, file := range files {
		if err := k.addFile(filepath.Base(file), file); err != nil {
			return "", err
		}
	}
	return k.String(), nil
}
