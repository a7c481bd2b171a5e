package nodeinstall

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
)

// order is the one in which kinds are looked for: what brings its own container
// runtime comes before what any machine may have.
var order = []nodesetup.Kind{nodesetup.Embedded, nodesetup.K3s, nodesetup.RKE2, nodesetup.CRIO, nodesetup.Containerd}

// Kind finds out what runs the containers of a node.
func (f Files) Kind() (nodesetup.Kind, error) {
	for _, kind := range order {
		layout, err := nodesetup.LayoutOf(kind)
		if err != nil {
			return "", err
		}
		config := kind != nodesetup.Containerd && layout.Config != ""
		if f.exists(layout.Socket) && (!config || f.exists(layout.Config)) {
			return kind, nil
		}
	}
	return "", errors.New("no container runtime was found where K3s, RKE2, containerd and CRI-O have theirs: name it with --for, or do by hand what \"vclusterctl runtime config\" prints")
}

// Gather reads what a node has.
func (f Files) Gather(kind nodesetup.Kind) (nodesetup.Node, error) {
	n := nodesetup.Node{Kind: kind, Arch: runtime.GOARCH}
	layout, err := nodesetup.LayoutOf(kind)
	if err != nil || layout.Config == "" {
		return n, err
	}
	data, _, err := f.read(layout.Config)
	if err != nil {
		return n, err
	}
	n.Config = &nodesetup.Text{Path: layout.Config, Data: data}
	for _, p := range layout.TemplatePaths() {
		data, exists, err := f.read(p)
		if err != nil {
			return n, err
		}
		if exists {
			n.Templates = append(n.Templates, nodesetup.Text{Path: p, Data: data})
		}
	}
	n.Imported, err = f.imported(*n.Config)
	return n, err
}

// imported are the files that a configuration imports.
func (f Files) imported(config nodesetup.Text) ([]nodesetup.Text, error) {
	patterns, err := nodesetup.Imports(config)
	if err != nil {
		return nil, fmt.Errorf("read containerd's configuration: %w", err)
	}
	var texts []nodesetup.Text
	for _, pattern := range patterns {
		paths, err := filepath.Glob(f.path(pattern))
		if err != nil {
			return nil, fmt.Errorf("the import %q of %s: %w", pattern, config.Path, err)
		}
		for _, p := range paths {
			inside, err := filepath.Rel(f.path("/"), p)
			if err != nil {
				return nil, fmt.Errorf("the import %q of %s: %w", pattern, config.Path, err)
			}
			data, _, err := f.read("/" + inside)
			if err != nil {
				return nil, err
			}
			texts = append(texts, nodesetup.Text{Path: "/" + inside, Data: data})
		}
	}
	return texts, nil
}
