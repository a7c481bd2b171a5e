package nodesetup

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Formats of containerd's configuration file.
const (
	formatV2 = 2
	formatV3 = 3
	// newest is the latest that the profiles can write.
	newest = 4
)

// baseTemplate is what K3s and RKE2 put their own configuration in the place of.
const baseTemplate = "{{ template \"base\" . }}\n"

// place is where the configuration of a handler goes.
type place struct {
	path   string
	format int
	// base is the file that a block is added to; nil where the handler has the
	// file for itself.
	base []byte
	// shared is true where there is a base.
	shared bool
}

// setup is a node whose configuration was read.
type setup struct {
	node   Node
	layout Layout
	// runtime and file are the profile's name and that of its file.
	runtime v1alpha1.RuntimeProfile
	file    string
	// main is what containerd reads, without our own block; zero if unknown.
	main document
	// others are the files of everybody else.
	others documents
	known  bool
}

// read reads what a node has.
func read(n Node, runtime v1alpha1.RuntimeProfile, file string) (setup, error) {
	layout, err := LayoutOf(n.Kind)
	s := setup{node: n, layout: layout, runtime: runtime, file: file}
	if err != nil || n.Kind == CRIO || n.Config == nil || empty(n.Config.Data) {
		return s, err
	}
	stripped, _ := withoutBlock(n.Config.Data, runtime)
	if s.main, err = parse(Text{Path: n.Config.Path, Data: stripped}); err != nil {
		return s, fmt.Errorf("read containerd's configuration: %w", err)
	}
	s.known, s.others = true, documents{s.main}
	for _, t := range n.Imported {
		if s.ours(t.Path) {
			continue
		}
		d, err := parse(t)
		if err != nil {
			return s, fmt.Errorf("read containerd's configuration: %w", err)
		}
		s.others = append(s.others, d)
	}
	return s, s.checkFormat()
}

// ours says whether an imported file is one that Make asked for. What the
// embedded host was booted with has the same name in another folder.
func (s setup) ours(p string) bool {
	return path.Base(p) == s.file && (s.layout.DropIns == "" || path.Dir(p) == s.layout.DropIns)
}

func (s setup) checkFormat() error {
	switch v := s.main.version(); {
	case v < formatV2:
		return fmt.Errorf("%s has format %d, which has no place for a handler like this: convert it with \"containerd config migrate\"", s.main.path, v)
	case v > newest:
		return fmt.Errorf("%s has format %d, and this program knows formats up to %d: use a later version of it", s.main.path, v, newest)
	}
	return nil
}

// place finds where the handler goes.
func (s setup) place() (place, error) {
	switch s.node.Kind {
	case CRIO, Embedded:
		return place{path: path.Join(s.layout.DropIns, s.file), format: formatV3}, nil
	case K3s, RKE2:
		return s.placeRendered()
	default:
		return s.placeInConfig()
	}
}

// placeInConfig is for a configuration that belongs to the administrator. The
// folder of drop-ins that containerd names in its default configuration is read
// only where the configuration says so.
func (s setup) placeInConfig() (place, error) {
	if !s.known {
		return place{
			path: s.layout.Config, format: formatV3, shared: true, base: fmt.Appendf(nil, "%sversion = %d\n", made, formatV3),
		}, nil
	}
	if dir := s.main.dropIns(s.file); dir != "" {
		return place{path: path.Join(dir, s.file), format: s.main.version()}, nil
	}
	return place{path: s.node.Config.Path, format: s.main.version(), shared: true, base: s.node.Config.Data}, nil
}

// placeRendered is for K3s and RKE2, which write containerd's configuration anew
// at every start.
func (s setup) placeRendered() (place, error) {
	format := formatV3
	if s.known {
		format = s.main.version()
		if dir := s.main.dropIns(s.file); dir != "" {
			return place{path: path.Join(dir, s.file), format: format}, nil
		}
	}
	template := s.node.template(s.layout)
	switch {
	case template == nil && format == formatV2:
		return place{}, errors.New("this version renders containerd's configuration in format 2, for containerd 1: upgrade it")
	case template == nil:
		return place{path: s.layout.TemplatePaths()[0], format: format, shared: true, base: []byte(made + baseTemplate)}, nil
	case path.Base(template.Path) == templateV2:
		format = formatV2
	case !s.known:
		format = formatV3
	}
	return place{path: template.Path, format: format, shared: true, base: template.Data}, nil
}

// found is a handler that somebody else has defined.
type found struct {
	path  string
	table map[string]any
}

// find looks for a handler in everybody else's files.
func (s setup) find(handler string) (found, bool) {
	i := slices.IndexFunc(s.others, func(d document) bool { return d.handler(handler) != nil })
	if i < 0 {
		return found{}, false
	}
	return found{path: s.others[i].path, table: s.others[i].handler(handler)}, true
}

// driver is the kubelet's cgroup driver.
func (s setup) driver() (string, error) {
	said := s.node.CgroupDriver
	switch {
	case said != "" && said != driverSystemd && said != driverCgroupfs:
		return "", fmt.Errorf("cgroup driver %q: use %s or %s", said, driverSystemd, driverCgroupfs)
	case said != "" || s.node.Config == nil || s.node.Kind == Embedded:
		return cmp.Or(said, driverSystemd), nil
	}
	if systemd, _ := s.others.own()["SystemdCgroup"].(bool); systemd {
		return driverSystemd, nil
	}
	return driverCgroupfs, nil
}
