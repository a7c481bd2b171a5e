package sysbox

import "github.com/vclusterctl/vclusterctl/runtime/profile"

// versions are the oldest that can do this. Nodes do not tell that of Sysbox,
// but before 0.7.0 it does not tell its features either.
var versions = []profile.Minimum{
	{Of: "Sysbox", Least: "0.7.1", For: "sysfs in a pod's network namespace needs"},
	{Of: profile.Kubernetes, Least: "1.33", For: "user namespaces need"},
	{Of: profile.Kernel, Least: "6.3", For: "volumes in a user namespace need"},
	// 2.0.1 to 2.0.4 run the containers of a pod with the default runtime.
	{Of: profile.Containerd, Least: "2.0.5", For: "running all containers of a pod under Sysbox needs"},
}

const (
	install = "install Sysbox 0.7.1 or later there (https://github.com/nestybox/sysbox)"
	label   = "install Sysbox 0.7.1 or later there, whose installer labels the node, or label it where that was done by hand"
)

// needs are those of pods with hostUsers: false.
var needs = profile.Needs{
	Handler:        Handler,
	Versions:       versions,
	Runtimes:       []string{profile.Containerd, profile.CRIO},
	UserNamespaces: true,
	Install:        install,
	Label:          label,
	Upgrade:        "use Sysbox 0.7.1 or later, in its static build",
}

// annotated are those of pods that ask CRI-O for a user namespace: the kubelet
// has no part in it, and maps no volume.
var annotated = profile.Needs{
	Handler: Handler,
	Versions: []profile.Minimum{
		{Of: profile.Kubernetes, Least: "1.33", For: "the host of virtual clusters needs"},
		{Of: profile.Kernel, Least: "5.19", For: "an overlay with mapped ids needs"},
	},
	Runtimes: []string{profile.CRIO},
	Install:  install,
	Label:    label,
}
