package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/vclusterctl/vclusterctl/images"
)

const caBundle = "etc/ssl/certs/ca-certificates.crt"

// bundledArchive is the archive of one bundled image.
func bundledArchive(opts options, made parts, debian *tree, b images.Bundled) ([]byte, error) {
	t, config, err := bundledContent(made, debian, b.Name)
	if err != nil {
		return nil, err
	}
	config.Labels = map[string]string{
		"org.opencontainers.image.title":   b.Name,
		"org.opencontainers.image.version": tagOf(b.Ref),
	}
	content, err := plainLayer(b.Name, t, opts.time())
	if err != nil {
		return nil, err
	}
	image, err := makeImage(config, []*layer{content}, opts.time())
	if err != nil {
		return nil, err
	}
	return archiveBytes(image, b.Ref, opts.time())
}

// bundledContent is what an image holds and how it starts.
func bundledContent(made parts, debian *tree, name string) (*tree, v1.Config, error) {
	switch name {
	case images.Pause:
		return pauseImage(made)
	case images.CoreDNS:
		return programImage(debian, "coredns", filepath.Join(made.components[images.CoreDNS], "coredns"))
	case images.LocalPath:
		return programImage(debian, "usr/bin/local-path-provisioner",
			filepath.Join(made.components[images.LocalPath], "local-path-provisioner"))
	case images.Busybox:
		return busyboxImage(debian)
	}
	return nil, v1.Config{}, fmt.Errorf("no recipe for it")
}

func pauseImage(made parts) (*tree, v1.Config, error) {
	t := newTree()
	err := t.copyFile("pause", 0o755, filepath.Join(made.own, images.Pause))
	return t, v1.Config{Entrypoint: []string{"/pause"}, User: "65535:65535"}, err
}

// programImage is one static program, with CA certificates for what it calls.
func programImage(debian *tree, at, from string) (*tree, v1.Config, error) {
	t := newTree()
	if err := addCertificates(t, debian); err != nil {
		return nil, v1.Config{}, err
	}
	err := t.copyFile(at, 0o755, from)
	return t, v1.Config{Entrypoint: []string{"/" + at}, Env: []string{"PATH=/usr/bin:/"}}, err
}

func addCertificates(t, debian *tree) error {
	bundle, found := debian.nodes[caBundle]
	if !found {
		return fmt.Errorf("the root filesystem has no /%s: is ca-certificates in packages.txt?", caBundle)
	}
	t.put(bundle)
	return nil
}

// busyboxImage is Debian's busybox with all its names, and the few files that
// programs expect.
func busyboxImage(debian *tree) (*tree, v1.Config, error) {
	busybox, found := debian.nodes["usr/bin/busybox"]
	if !found {
		return nil, v1.Config{}, fmt.Errorf("the root filesystem has no /usr/bin/busybox: is busybox-static in packages.txt?")
	}
	applets, err := busyboxApplets(busybox)
	if err != nil {
		return nil, v1.Config{}, err
	}
	t := newTree()
	busybox.header.Name = "bin/busybox"
	t.put(busybox)
	for _, applet := range applets {
		if applet != "busybox" {
			t.link(path.Join("bin", applet), "busybox")
		}
	}
	t.dir("tmp", 0o1777)
	t.dir("root", 0o700)
	t.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"))
	t.file("etc/group", 0o644, []byte("root:x:0:\nnogroup:x:65534:\n"))
	return t, v1.Config{Cmd: []string{"sh"}, Env: []string{"PATH=/bin"}}, nil
}

// busyboxApplets asks busybox itself for its names. It is static and for this
// machine's architecture.
func busyboxApplets(busybox node) ([]string, error) {
	dir, err := os.MkdirTemp("", "busybox-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "busybox")
	if err := unpackFile(busybox, program); err != nil {
		return nil, err
	}
	names, err := executor{}.run(context.Background(), command{args: []string{program, "--list"}})
	return strings.Fields(names), err
}

func unpackFile(n node, to string) error {
	from, err := n.content()
	if err != nil {
		return err
	}
	defer from.Close()
	data, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}
