package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func architecture() string { return runtime.GOARCH }

// nodeConfig is how the node image starts.
func nodeConfig(k3s string) v1.Config {
	config := v1.Config{
		Entrypoint: []string{"/sbin/init"},
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "container=oci"},
		StopSignal: "SIGRTMIN+3",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "vclusterctl node",
			"org.opencontainers.image.version":  images.KubernetesVersion,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.source":   "https://github.com/vclusterctl/vclusterctl",
			images.DistrosLabel:                 strings.Join(images.Distros(), ","),
			images.KubernetesVersionLabel:       images.KubernetesVersion,
		},
	}
	if k3s != "" {
		config.Labels[images.DistrosLabel] += "," + guestapi.DistroK3s
		config.Labels[images.K3sVersionLabel] = k3s
	}
	return config
}

// makeNode assembles the node image and writes its archive.
func makeNode(opts options, made parts, debian *tree) error {
	layers, err := nodeLayers(opts, made, debian)
	if err != nil {
		return err
	}
	k3s, err := carriedK3s(made)
	if err != nil {
		return err
	}
	image, err := makeImage(nodeConfig(k3s), layers, opts.time())
	if err != nil {
		return err
	}
	if err := report(opts, images.NodeRef(), image, layers); err != nil {
		return err
	}
	if err := checkBudgets(opts.root, layers); err != nil {
		return err
	}
	return writeArchive(opts, "node", image, images.NodeRef())
}

// nodeLayers makes the layers, what changes most seldom first.
func nodeLayers(opts options, made parts, debian *tree) ([]*layer, error) {
	rootfs, err := rootfsTree(opts.root, debian)
	if err != nil {
		return nil, err
	}
	programs, err := componentTree(made)
	if err != nil {
		return nil, err
	}
	bundled, err := bundledTree(opts, made, debian)
	if err != nil {
		return nil, err
	}
	files, err := guestTree(opts.root, made)
	if err != nil {
		return nil, err
	}
	stack := []namedTree{{"rootfs", rootfs}, {"components", programs}, {"bundled images", bundled}}
	if made.k3s != "" {
		k3s, err := k3sTree(made.k3s)
		if err != nil {
			return nil, fmt.Errorf("distro k3s: %w", err)
		}
		stack = append(stack, namedTree{k3sLayer, k3s})
	}
	return stackLayers(opts, append(stack, namedTree{"guest", files}))
}

// k3sLayer is the name of the layer that not every image has.
const k3sLayer = "k3s"

// carriedK3s is the version of K3s among the parts, if it is there.
func carriedK3s(made parts) (string, error) {
	if made.k3s == "" {
		return "", nil
	}
	version, err := os.ReadFile(filepath.Join(made.k3s, "version"))
	return strings.TrimSpace(string(version)), err
}

// checkBudgets holds K3s to a budget of its own, and the rest to that of what
// everybody gets.
func checkBudgets(root string, layers []*layer) error {
	isK3s := func(l *layer) bool { return l.name == k3sLayer }
	split := map[string][]*layer{
		"images/node/budget.txt":     slices.DeleteFunc(slices.Clone(layers), isK3s),
		"images/node/budget-k3s.txt": slices.DeleteFunc(slices.Clone(layers), func(l *layer) bool { return !isK3s(l) }),
	}
	for file, part := range split {
		limits, err := readBudget(filepath.Join(root, file))
		if err != nil {
			return err
		}
		if err := limits.check(part); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// namedTree is a layer to be.
type namedTree struct {
	name string
	tree *tree
}

// stackLayers makes layers of trees. Parents that a lower layer has are left
// to it.
func stackLayers(opts options, stack []namedTree) ([]*layer, error) {
	below := newTree()
	layers := make([]*layer, 0, len(stack))
	for _, part := range stack {
		if err := checkTop(below, part.tree); err != nil {
			return nil, fmt.Errorf("layer %q: %w", part.name, err)
		}
		part.tree.addParents(below)
		maps.Copy(below.nodes, part.tree.nodes)
		made, err := zstdLayer(opts.cache, part.name, part.tree, opts.time())
		if err != nil {
			return nil, err
		}
		layers = append(layers, made)
	}
	return layers, nil
}

// checkTop refuses a path through a symbolic link such as /bin: the link would
// be replaced by a directory, and the system behind it gone.
func checkTop(below, t *tree) error {
	for name := range t.nodes {
		top, rest, _ := strings.Cut(name, "/")
		if n, found := below.nodes[top]; found && rest != "" && n.header.Linkname != "" {
			return fmt.Errorf("%q goes through the symbolic link /%s: use %q", name, top, path.Join(n.header.Linkname, rest))
		}
	}
	return nil
}

// rootfsTree is Debian, trimmed and tuned for a container.
func rootfsTree(root string, debian *tree) (*tree, error) {
	t := &tree{nodes: maps.Clone(debian.nodes)}
	patterns, err := readList(filepath.Join(root, rootfsSource, "remove.txt"))
	if err != nil {
		return nil, err
	}
	if err := t.remove(patterns); err != nil {
		return nil, err
	}
	masked, err := readList(filepath.Join(root, rootfsSource, "mask.txt"))
	if err != nil {
		return nil, err
	}
	maskUnits(t, masked)
	setDefaultTarget(t, "multi-user.target")
	// Empty, not absent: systemd then makes up a new one at each first boot.
	t.file("etc/machine-id", 0o444, nil)
	if !t.has("usr/sbin/init") {
		return nil, fmt.Errorf("the root filesystem has no /sbin/init: is systemd-sysv in packages.txt?")
	}
	return t, t.copyTree(filepath.Join(root, rootfsSource, "files"))
}

// componentTree is the binaries of the node itself.
func componentTree(made parts) (*tree, error) {
	t := newTree()
	for _, c := range components() {
		for _, b := range c.binaries {
			if b.path == "" {
				continue
			}
			if err := t.copyFile(b.path, 0o755, filepath.Join(made.components[c.name], b.file)); err != nil {
				return nil, fmt.Errorf("component %q: %w", c.name, err)
			}
			for _, name := range b.links {
				t.link(path.Join(path.Dir(b.path), name), path.Base(b.path))
			}
		}
	}
	return t, nil
}

// guestTree is the guest and its static files with their units enabled.
func guestTree(root string, made parts) (*tree, error) {
	t := newTree()
	if err := t.copyFile(path.Join(binDir, "guest"), 0o755, filepath.Join(made.own, "guest")); err != nil {
		return nil, err
	}
	static := filepath.Join(root, "templates/nodefs")
	if err := t.copyTree(filepath.Join(static, "files")); err != nil {
		return nil, err
	}
	enabled, err := readList(filepath.Join(static, "enabled.txt"))
	if err != nil {
		return nil, err
	}
	return t, enableUnits(t, enabled)
}

// bundledDir is where the archives of the bundled images are.
var bundledDir = clean(guestapi.BundledImageDir)

// bundledTree is the archives of the bundled images and their table.
func bundledTree(opts options, made parts, debian *tree) (*tree, error) {
	t := newTree()
	for _, b := range images.BundledImages() {
		data, err := bundledArchive(opts, made, debian, b)
		if err != nil {
			return nil, fmt.Errorf("bundled image %q: %w", b.Name, err)
		}
		t.file(path.Join(bundledDir, b.File), 0o644, data)
	}
	return t, addJSON(t, map[string]any{path.Join(bundledDir, "index.json"): images.BundledImages()})
}

// report prints what an image weighs.
func report(opts options, ref string, image v1.Image, layers []*layer) error {
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	opts.logf("%s@%s", ref, digest)
	compressed, plain := total(layers)
	for _, l := range layers {
		opts.logf("  %-16s %7.1f MiB %7.1f MiB compressed", l.name, mebibytes(l.plain), mebibytes(l.size))
	}
	opts.logf("  %-16s %7.1f MiB %7.1f MiB compressed", "total", mebibytes(plain), mebibytes(compressed))
	return nil
}
