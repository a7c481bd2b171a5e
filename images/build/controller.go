package main

import (
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/vclusterctl/vclusterctl/images"
)

// nonroot is the user that runs the controller: it needs no rights on its own
// machine.
const nonroot = "65532:65532"

// makeController puts the static binary on an otherwise empty image.
func makeController(opts options, made parts, debian *tree) error {
	layers, err := controllerLayers(opts, made, debian)
	if err != nil {
		return err
	}
	image, err := makeImage(v1.Config{
		Entrypoint: []string{"/vclusterctl"}, Cmd: []string{"controller"}, User: nonroot, WorkingDir: "/",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "vclusterctl controller",
			"org.opencontainers.image.version":  opts.version,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.source":   "https://github.com/vclusterctl/vclusterctl",
		},
	}, layers, opts.time())
	if err != nil {
		return err
	}
	ref := images.ControllerRef(opts.version)
	if err := report(opts, ref, image, layers); err != nil {
		return err
	}
	return writeArchive(opts, "controller", image, ref)
}

// controllerLayers are what the program expects around it, and the program.
func controllerLayers(opts options, made parts, debian *tree) ([]*layer, error) {
	base, program := newTree(), newTree()
	if err := addCertificates(base, debian); err != nil {
		return nil, err
	}
	base.dir("tmp", 0o1777)
	base.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"))
	base.file("etc/group", 0o644, []byte("root:x:0:\nnonroot:x:65532:\n"))
	if err := program.copyFile("vclusterctl", 0o755, filepath.Join(made.own, "vclusterctl")); err != nil {
		return nil, err
	}
	return stackLayers(opts, []namedTree{{"base", base}, {"program", program}})
}
