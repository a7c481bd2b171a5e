package nodesetup

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Kind is what runs the containers of a node.
type Kind string

// The kinds of nodes.
const (
	K3s        Kind = "k3s"
	RKE2       Kind = "rke2"
	Containerd Kind = "containerd"
	CRIO       Kind = "crio"
	// Embedded is the node of our own embedded host.
	Embedded Kind = "embedded"
)

// Kinds are those that people can name.
func Kinds() []Kind { return []Kind{K3s, RKE2, Containerd, CRIO} }

// Text is a file that is there.
type Text struct {
	Path string
	Data []byte
}

// Node is what a node has.
type Node struct {
	Kind Kind
	// Version of containerd or CRI-O, as it says itself; empty where nobody
	// knows.
	Version string
	// Config is what containerd reads, with K3s and RKE2 the file that they
	// render. It is nil where nobody has looked, and empty where there is none.
	Config *Text
	// Imported are the files that Config imports.
	Imported []Text
	// Templates are those of K3s and RKE2 that are there.
	Templates []Text
	// Arch of the node, as Go and Kubernetes call it.
	Arch string
	// CgroupDriver of the kubelet, "systemd" or "cgroupfs"; empty means that of
	// the node's own pods, or systemd where nobody knows.
	CgroupDriver string
	// OCIRuntime is the program to call instead of the profile's own.
	OCIRuntime string
	// NoUnprivilegedPorts is profile.HostOptions.NoUnprivilegedPorts.
	NoUnprivilegedPorts bool
}

// The two ways in which processes are put into cgroups.
const (
	driverSystemd  = "systemd"
	driverCgroupfs = "cgroupfs"
)

// Layout says where a kind of node has what.
type Layout struct {
	// Config is the file that the container runtime reads; empty for CRI-O,
	// which needs none to be looked at.
	Config string
	// Templates is the folder of the templates that Config is made of.
	Templates string
	// DropIns is a folder that is read in any case; elsewhere Config says.
	DropIns string
	// Seccomp is the kubelet's folder of seccomp profiles.
	Seccomp string
	// Socket is the container runtime's.
	Socket string
	// Units are services one of which is the container runtime's.
	Units []string
}

const (
	kubeletSeccomp = "/var/lib/kubelet/seccomp"
	// k3sSocket is that of RKE2, too.
	k3sSocket = "/run/k3s/containerd/containerd.sock"
)

var layouts = map[Kind]Layout{
	K3s: {
		Config:    "/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
		Templates: "/var/lib/rancher/k3s/agent/etc/containerd",
		Seccomp:   kubeletSeccomp, Socket: k3sSocket, Units: []string{"k3s", "k3s-agent"},
	},
	RKE2: {
		Config:    "/var/lib/rancher/rke2/agent/etc/containerd/config.toml",
		Templates: "/var/lib/rancher/rke2/agent/etc/containerd",
		Seccomp:   kubeletSeccomp, Socket: k3sSocket, Units: []string{"rke2-server", "rke2-agent"},
	},
	Containerd: {
		Config:  "/etc/containerd/config.toml",
		Seccomp: kubeletSeccomp, Socket: "/run/containerd/containerd.sock", Units: []string{"containerd"},
	},
	CRIO: {
		DropIns: "/etc/crio/crio.conf.d",
		Seccomp: kubeletSeccomp, Socket: "/var/run/crio/crio.sock", Units: []string{"crio"},
	},
	Embedded: {
		Config:  "/run/vcluster/containerd.toml",
		DropIns: "/var/lib/vcluster/containerd.d",
		Seccomp: "/var/lib/vcluster/kubelet/seccomp", Socket: "/run/containerd/containerd.sock", Units: []string{"containerd"},
	},
}

// LayoutOf is the layout of a kind of node.
func LayoutOf(kind Kind) (Layout, error) {
	l, ok := layouts[kind]
	if !ok {
		names := make([]string, 0, len(layouts))
		for _, k := range Kinds() {
			names = append(names, string(k))
		}
		return Layout{}, fmt.Errorf("no kind of node %q: use one of %s", kind, strings.Join(names, ", "))
	}
	return l, nil
}

// Templates of K3s and RKE2, the one that is preferred first.
const (
	templateV3 = "config-v3.toml.tmpl"
	templateV2 = "config.toml.tmpl"
)

// TemplatePaths are where templates may be.
func (l Layout) TemplatePaths() []string {
	if l.Templates == "" {
		return nil
	}
	return []string{path.Join(l.Templates, templateV3), path.Join(l.Templates, templateV2)}
}

// template is the one that is used, nil if there is none.
func (n Node) template(l Layout) *Text {
	for _, p := range l.TemplatePaths() {
		if i := slices.IndexFunc(n.Templates, func(t Text) bool { return t.Path == p }); i >= 0 {
			return &n.Templates[i]
		}
	}
	return nil
}
