package profile

// HostOptions say what the container runtime of a host node is like.
type HostOptions struct {
	// ContainerdConfig is the version of containerd's configuration file format
	// to write: 2, 3 or 4.
	ContainerdConfig int
	// SystemdCgroup must be what the kubelet's cgroup driver is.
	SystemdCgroup bool
	// BinaryName is the OCI runtime to call instead of the profile's own.
	BinaryName string
	// NoUnprivilegedPorts takes enable_unprivileged_ports from containerd, for
	// all pods of the node. Only Sysbox asks for it, where it cannot set that
	// sysctl.
	NoUnprivilegedPorts bool
	// Arch of the node, as Go and Kubernetes call it.
	Arch string
}

// HostConfig is what a host node must be given.
type HostConfig struct {
	// Containerd is a drop-in for a folder that containerd's configuration
	// imports.
	Containerd File
	// CRIO is the same for CRI-O, nil where there is none.
	CRIO *File
	// Runtime is a configuration file of the OCI runtime, whose name is an
	// absolute path; nil where there is no need for one.
	Runtime *File
	// Seccomp is a file below the kubelet's seccomp folder, nil where there is
	// no need for one.
	Seccomp *File
	// Program that the handler calls, an absolute path; empty where there is none
	// that has to be put on a node for this runtime.
	Program string
	// NodeLabels to put on the node once the files are there.
	NodeLabels map[string]string
}

// File is a file for a host node.
type File struct {
	// Name is relative to the folder that the kind of file belongs in.
	Name string
	Data []byte
}

// Seccomp is a seccomp profile that has to be on a node before a pod can use
// it.
type Seccomp struct {
	// LocalhostProfile is the file below the kubelet's seccomp folder.
	LocalhostProfile string
	// NodeLabel and NodeLabelValue mark a node that has the file.
	NodeLabel      string
	NodeLabelValue string
}
