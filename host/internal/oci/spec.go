package oci

import (
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Params are what differs from machine to machine.
type Params struct {
	// Hostname inside the container: the name of the node.
	Hostname string
	// RootPath is the mounted root file system.
	RootPath string
	// NetNSPath is the named network namespace to join.
	NetNSPath string
	// CgroupsPath is relative to the root of every cgroup hierarchy.
	CgroupsPath string
	// StateDir and ConfigDir of the machine, bound to StateTarget and
	// ConfigTarget inside.
	StateDir, StateTarget   string
	ConfigDir, ConfigTarget string
	// ModulesDir holds the modules of the running kernel; empty where it has
	// none.
	ModulesDir string
	// Capabilities to grant: at most those that the caller has itself.
	Capabilities []string
	// OpenFiles is the limit of open files to set; zero inherits the caller's.
	OpenFiles uint64
	// Devices beyond the ones that every container gets.
	Devices []Device
}

// Device is a character device of the machine.
type Device struct {
	Path         string
	Major, Minor int64
	Mode         os.FileMode
	// ReadOnly forbids writing to it, even to root.
	ReadOnly bool
}

// Build returns the configuration of the container.
func Build(p Params) *specs.Spec {
	return &specs.Spec{
		Version:  specs.Version,
		Hostname: p.Hostname,
		Root:     &specs.Root{Path: p.RootPath},
		Process:  process(p),
		Mounts:   mounts(p),
		Linux:    linux(p),
	}
}

func process(p Params) *specs.Process {
	return &specs.Process{
		Args: []string{"/sbin/init"},
		Cwd:  "/",
		// systemd recognises a container by this variable, and finds its
		// virtualization in it.
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"container=oci",
		},
		Capabilities: &specs.LinuxCapabilities{
			Bounding:  p.Capabilities,
			Effective: p.Capabilities,
			Permitted: p.Capabilities,
		},
		Rlimits: rlimits(p.OpenFiles),
	}
}

func rlimits(openFiles uint64) []specs.POSIXRlimit {
	if openFiles == 0 {
		return nil
	}
	return []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Hard: openFiles, Soft: openFiles}}
}

func linux(p Params) *specs.Linux {
	return &specs.Linux{
		CgroupsPath: p.CgroupsPath,
		Namespaces: []specs.LinuxNamespace{
			{Type: specs.PIDNamespace},
			{Type: specs.MountNamespace},
			{Type: specs.UTSNamespace},
			{Type: specs.IPCNamespace},
			{Type: specs.CgroupNamespace},
			{Type: specs.NetworkNamespace, Path: p.NetNSPath},
		},
		Devices:   devices(p.Devices),
		Resources: &specs.LinuxResources{Devices: deviceRules(p.Devices)},
		// The kubelet needs mounts to propagate from the node into its pods.
		RootfsPropagation: "rshared",
	}
}

// deviceRules allow everything, for the node runs containers of its own that
// make devices, but writing to what is for reading.
func deviceRules(in []Device) []specs.LinuxDeviceCgroup {
	rules := []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}
	for _, d := range in {
		if d.ReadOnly {
			rules = append(rules, specs.LinuxDeviceCgroup{Type: "c", Major: &d.Major, Minor: &d.Minor, Access: "w"})
		}
	}
	return rules
}

func devices(in []Device) []specs.LinuxDevice {
	out := make([]specs.LinuxDevice, 0, len(in))
	for _, d := range in {
		out = append(out, specs.LinuxDevice{
			Path: d.Path, Type: "c", Major: d.Major, Minor: d.Minor, FileMode: &d.Mode,
		})
	}
	return out
}
