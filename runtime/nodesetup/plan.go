package nodesetup

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// Role is what a file is for.
type Role string

// The roles of files.
const (
	// RoleConfig is the container runtime's: a change needs a restart.
	RoleConfig Role = "config"
	// RoleRuntime is the OCI runtime's.
	RoleRuntime Role = "runtime"
	// RoleSeccomp is a seccomp profile.
	RoleSeccomp Role = "seccomp"
)

// File is a file to write, or to remove.
type File struct {
	Path string      `json:"path"`
	Role Role        `json:"role"`
	Mode fs.FileMode `json:"mode,omitempty"`
	Data []byte      `json:"-"`
	// Remove is true where the file is to go.
	Remove bool `json:"remove,omitempty"`
	// Shared is true for a file that has more in it than is ours.
	Shared bool `json:"shared,omitempty"`
}

// Plan is what to change on a node.
type Plan struct {
	Runtime v1alpha1.RuntimeProfile
	Handler string
	// Files in the order in which to write them: the container runtime's
	// configuration comes last.
	Files []File
	// Units are services, of which the one that runs is to be restarted after a
	// file with RoleConfig has changed; Socket is where it answers.
	Units  []string
	Socket string
	// Program that the handler calls and that has to be there already; empty where
	// every node has it.
	Program string
	// Labels to put on the node, or to take off it.
	Labels map[string]string
	// Present is the file that has the handler already, written by somebody
	// else; empty if it is one of Files.
	Present string
}

const fileMode fs.FileMode = 0o644

// embeddedRunc is what the embedded host finds by itself, and is booted without
// naming it.
const embeddedRunc = "/usr/local/bin/runc"

// Make plans how a node gets the handler of a profile.
func Make(p profile.Profile, n Node) (Plan, error) {
	k := p.Knowledge()
	plan, err := makePlan(p, k, n)
	if err != nil {
		return Plan{}, fmt.Errorf("set up runtime %q on a node with %s: %w", k.Name, n.Kind, err)
	}
	return plan, nil
}

func makePlan(p profile.Profile, k profile.Knowledge, n Node) (Plan, error) {
	if err := checkVersion(k, n); err != nil {
		return Plan{}, err
	}
	s, err := readFor(p, k, n)
	if err != nil {
		return Plan{}, err
	}
	at, err := s.place()
	if err != nil {
		return Plan{}, err
	}
	config, err := s.hostConfig(p, k, at.format)
	if err != nil {
		return Plan{}, err
	}
	plan := s.plan(k, config)
	plan.Files = s.besides(config)
	if n.Kind == CRIO {
		plan.Files = append(plan.Files, File{Path: at.path, Role: RoleConfig, Mode: fileMode, Data: config.CRIO.Data})
		return plan, nil
	}
	if plan.Present, err = s.present(k, at, config); err != nil || plan.Present != "" {
		return plan, err
	}
	file, err := s.configFile(k, at, config)
	plan.Files = append(plan.Files, file)
	return plan, err
}

// plan is what does not depend on files.
func (s setup) plan(k profile.Knowledge, config profile.HostConfig) Plan {
	return Plan{Runtime: k.Name, Handler: k.Handler, Units: s.layout.Units, Socket: s.layout.Socket, Program: config.Program, Labels: config.NodeLabels}
}

// checkVersion refuses a containerd that is known to be too old.
func checkVersion(k profile.Knowledge, n Node) error {
	if n.Kind == CRIO || n.Version == "" {
		return nil
	}
	have, err := version.ParseGeneric(n.Version)
	if err != nil {
		return nil //nolint:nilerr // a version of somebody's own is not known to be old
	}
	for _, m := range k.Versions {
		if m.Of == profile.Containerd && have.LessThan(version.MustParseGeneric(m.Least)) {
			return fmt.Errorf("containerd is %s, and %s %s: upgrade containerd", n.Version, m.For, m.Least)
		}
	}
	return nil
}

// readFor reads a node's files, knowing what those of a profile are called.
func readFor(p profile.Profile, k profile.Knowledge, n Node) (setup, error) {
	names, err := p.HostConfig(profile.HostOptions{ContainerdConfig: formatV3, Arch: n.Arch})
	if err != nil {
		return setup{}, err
	}
	file := names.Containerd.Name
	if n.Kind == CRIO {
		if names.CRIO == nil {
			return setup{}, errors.New("this runtime has no configuration for CRI-O: use a node with containerd, or another runtime")
		}
		file = names.CRIO.Name
	}
	return read(n, k.Name, file)
}

// hostConfig asks the profile for its configuration.
func (s setup) hostConfig(p profile.Profile, k profile.Knowledge, format int) (profile.HostConfig, error) {
	driver, err := s.driver()
	if err != nil {
		return profile.HostConfig{}, err
	}
	o := profile.HostOptions{
		ContainerdConfig: format, SystemdCgroup: driver == driverSystemd, Arch: s.node.Arch,
		BinaryName: s.node.OCIRuntime, NoUnprivilegedPorts: s.node.NoUnprivilegedPorts,
	}
	if k.Name == v1alpha1.RuntimeUserns && s.known {
		// It is what runs the node's own pods, with other settings.
		own, _ := s.others.own()["BinaryName"].(string)
		if s.node.Kind == Embedded && own == embeddedRunc {
			own = ""
		}
		o.BinaryName = cmp.Or(o.BinaryName, own)
	}
	return p.HostConfig(o)
}

// besides are the files that the container runtime does not read.
func (s setup) besides(config profile.HostConfig) []File {
	var files []File
	if f := config.Seccomp; f != nil {
		files = append(files, File{Path: path.Join(s.layout.Seccomp, f.Name), Role: RoleSeccomp, Mode: fileMode, Data: f.Data})
	}
	if f := config.Runtime; f != nil {
		files = append(files, File{Path: f.Name, Role: RoleRuntime, Mode: fileMode, Data: f.Data})
	}
	return files
}

// present is the file in which somebody else has the same handler; another
// handler of that name is refused.
func (s setup) present(k profile.Knowledge, at place, config profile.HostConfig) (string, error) {
	theirs, ok := s.find(k.Handler)
	if !ok {
		return "", nil
	}
	ours, err := parse(Text{Path: at.path, Data: config.Containerd.Data})
	if err != nil {
		return "", err
	}
	if differ := differences(ours.handler(k.Handler), theirs.table, ""); len(differ) > 0 {
		return "", fmt.Errorf("%s has a handler %q already, and it differs in %s: correct it there, or take it out and do this again",
			theirs.path, k.Handler, strings.Join(differ, ", "))
	}
	return theirs.path, nil
}

// configFile is the container runtime's configuration with the handler.
func (s setup) configFile(k profile.Knowledge, at place, config profile.HostConfig) (File, error) {
	f := File{Path: at.path, Role: RoleConfig, Mode: fileMode, Data: config.Containerd.Data, Shared: at.shared}
	if !at.shared {
		return f, nil
	}
	_, tables, _ := bytes.Cut(config.Containerd.Data, []byte("\n")) // the base says the version
	f.Data = withBlock(at.base, k.Name, tables)
	return f, s.check(k, at, f.Data, tables)
}

// check reads what containerd will read, as far as that is known: with a
// template, what it renders to now and the block after it.
func (s setup) check(k profile.Knowledge, at place, data, tables []byte) error {
	if s.layout.Templates != "" {
		if !s.known {
			return nil
		}
		stripped, _ := withoutBlock(s.node.Config.Data, k.Name)
		data = withBlock(stripped, k.Name, tables)
	}
	d, err := parse(Text{Path: at.path, Data: data})
	if err != nil {
		return fmt.Errorf("the handler cannot be added to what is there: %w: put it there by hand, see \"vclusterctl runtime config\"", err)
	}
	if d.handler(k.Handler) == nil {
		return fmt.Errorf("%s: the handler would not be read there: put it there by hand, see \"vclusterctl runtime config\"", at.path)
	}
	return nil
}
