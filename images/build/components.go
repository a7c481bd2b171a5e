package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/images"
)

// component is one upstream component, or our own pause, compiled from the
// folder of its name.
type component struct {
	name string
	// source is its folder below images, where that is not one of the node's.
	source string
	// pkg is what to build: "." for our own main package around upstream's
	// libraries, "tool" for upstream's main packages pinned as tools.
	pkg     string
	tags    []string
	defines map[string]string // linker's -X
	ldflags string            // further linker flags
	// cgo components are linked statically against the C library.
	cgo      bool
	binaries []binary
}

// binary is one file that a component contributes to the node's file system.
type binary struct {
	file  string
	path  string   // where it goes; empty where only a bundled image has it
	links []string // further names, beside path
}

const (
	binDir = "usr/local/bin"
	cniDir = "opt/cni/bin"
)

// inBin is a binary that goes to binDir under its own name.
func inBin(file string, links ...string) binary {
	return binary{file: file, path: path.Join(binDir, file), links: links}
}

// components lists all components in the order in which they are built: what
// takes longest first.
func components() []component {
	return []component{
		kubernetesComponent(),
		{
			name: "etcd", pkg: ".",
			binaries: []binary{inBin("etcd", "etcdctl", "etcdutl")},
		},
		{
			name: "containerd", pkg: "tool",
			tags: []string{"netgo", "osusergo", "static_build", "no_btrfs", "no_devmapper", "no_zfs", "no_tracing"},
			defines: map[string]string{
				"github.com/containerd/containerd/v2/version.Version": images.ContainerdVersion,
			},
			binaries: []binary{inBin("containerd"), inBin("containerd-shim-runc-v2"), inBin("ctr")},
		},
		{
			name: "runc", pkg: "tool", cgo: true,
			tags:     []string{"seccomp", "netgo", "osusergo"},
			binaries: []binary{inBin("runc")},
		},
		{
			name: "cni", pkg: "tool",
			binaries: []binary{inCNI("bridge"), inCNI("host-local"), inCNI("loopback"), inCNI("portmap")},
		},
		{
			// cgo: one of the back-ends that are always linked in is C.
			name: "flannel", pkg: "tool", cgo: true,
			tags: []string{"netgo", "osusergo"},
			defines: map[string]string{
				"github.com/flannel-io/flannel/pkg/version.Version": images.FlannelVersion,
			},
			binaries: []binary{{file: "flannel", path: path.Join(binDir, "flanneld")}},
		},
		{
			name: "kube-router", pkg: "tool",
			defines: map[string]string{
				"github.com/cloudnativelabs/kube-router/v2/pkg/version.Version": images.KubeRouterVersion,
			},
			binaries: []binary{inBin("kube-router")},
		},
		{name: images.CoreDNS, pkg: ".", binaries: []binary{{file: "coredns"}}},
		{
			name: images.LocalPath, pkg: "tool",
			defines:  map[string]string{"main.VERSION": images.LocalPathVersion},
			binaries: []binary{{file: "local-path-provisioner"}},
		},
	}
}

func inCNI(file string) binary { return binary{file: file, path: path.Join(cniDir, file)} }

// kubernetesComponent sets the version variables that upstream's build sets.
func kubernetesComponent() component {
	major, minor := majorMinor(images.KubernetesVersion)
	defines := map[string]string{}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		defines[pkg+".gitVersion"] = images.KubernetesVersion
		defines[pkg+".gitMajor"] = major
		defines[pkg+".gitMinor"] = minor
		defines[pkg+".gitTreeState"] = "clean"
	}
	return component{
		name: "kubernetes", pkg: ".", defines: defines,
		binaries: []binary{inBin("kubernetes", "kube-apiserver", "kube-controller-manager",
			"kube-scheduler", "kube-proxy", "kubelet", "kubeadm", "kubectl")},
	}
}

// gvisorComponent is no part of any image: tests put it on a host. runsc starts
// itself in an empty root directory, where one with cgo finds no loader.
func gvisorComponent() component {
	return component{
		name: "gvisor", source: "testbin/gvisor", pkg: "tool",
		defines:  map[string]string{"gvisor.dev/gvisor/runsc/version.version": images.GVisorVersion},
		binaries: []binary{{file: "runsc"}, {file: "shim"}},
	}
}

// majorMinor splits the first two numbers off a version such as v1.36.3.
func majorMinor(version string) (major, minor string) {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ = strings.Cut(rest, ".")
	return major, minor
}

// componentsFor lists the components that the targets need.
func componentsFor(targets []string) []component {
	switch {
	case slices.Contains(targets, targetNode):
		return components()
	case slices.Contains(targets, targetTestbin):
		return components()[:3]
	case slices.Contains(targets, targetGVisor):
		return []component{gvisorComponent()}
	}
	return nil
}

// makeComponent compiles a component unless the cache has it.
func makeComponent(ctx context.Context, run runner, opts options, c component) (string, error) {
	source := filepath.Join(opts.root, "images", cmp.Or(c.source, path.Join("node/components", c.name)))
	k, err := componentKey(ctx, run, source, c)
	if err != nil {
		return "", fmt.Errorf("component %q: %w", c.name, err)
	}
	dir, err := cached(opts.cache, "components", c.name+"-"+k, func(dir string) error {
		started := time.Now()
		opts.logf("%s: compiling", c.name)
		_, err := run.run(ctx, command{dir: source, env: c.environment(), args: c.goBuild(dir)})
		opts.logf("%s: compiled in %s", c.name, time.Since(started).Round(time.Second))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("component %q: %w", c.name, err)
	}
	return dir, nil
}

// componentKey hashes sources, module versions, compiler and flags.
func componentKey(ctx context.Context, run runner, source string, c component) (string, error) {
	k := newKey()
	if err := k.addTree(source); err != nil {
		return "", err
	}
	k.add(c.goBuild("")...)
	k.add(c.environment()...)
	goVersion, err := run.run(ctx, command{dir: source, args: []string{"go", "env", "GOVERSION", "GOARCH", "GOAMD64"}})
	if err != nil {
		return "", err
	}
	k.add(goVersion)
	if c.cgo {
		toolchain, err := cToolchain(ctx, run)
		if err != nil {
			return "", err
		}
		k.add(toolchain)
	}
	return k.String(), nil
}

// cToolchain identifies what else ends up in a static binary.
func cToolchain(ctx context.Context, run runner) (string, error) {
	return run.run(ctx, command{args: []string{"dpkg-query", "-W", "gcc", "libc6-dev", "libseccomp-dev"}})
}

// environment pins what the caller's environment could change.
func (c component) environment() []string {
	cgo := "CGO_ENABLED=0"
	if c.cgo {
		cgo = "CGO_ENABLED=1"
	}
	return []string{cgo, "GOFLAGS=-mod=readonly", "GOWORK=off", "GOOS=linux"}
}

// goBuild is the compiler's command line.
func (c component) goBuild(out string) []string {
	link := []string{"-s", "-w", "-buildid="}
	for _, name := range sortedKeys(c.defines) {
		link = append(link, "-X", name+"="+c.defines[name])
	}
	if c.ldflags != "" {
		link = append(link, c.ldflags)
	}
	if c.cgo {
		link = append(link, "-extldflags", "'-static -Wl,--build-id=none'")
	}
	return []string{
		"go", "build", "-trimpath", "-buildvcs=false", "-tags", strings.Join(c.tags, ","),
		"-ldflags", strings.Join(link, " "), "-o", out + string(os.PathSeparator), c.pkg,
	}
}
