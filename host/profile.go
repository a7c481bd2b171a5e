package host

import (
	"runtime"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// RuntimeFor returns what a runtime profile asks of any node that it uses, in
// the form that the node image has.
func RuntimeFor(p profile.Profile) (Runtime, error) {
	config, err := p.HostConfig(profileOptions(nil))
	if err != nil {
		return Runtime{}, err
	}
	r := Runtime{NodeLabels: config.NodeLabels, Containerd: func(controllers []string) (map[string][]byte, error) {
		config, err := p.HostConfig(profileOptions(controllers))
		return map[string][]byte{config.Containerd.Name: config.Containerd.Data}, err
	}}
	if config.Seccomp != nil {
		r.Seccomp = map[string][]byte{config.Seccomp.Name: config.Seccomp.Data}
	}
	return r, nil
}

// profileOptions describe containerd as the node image runs it.
func profileOptions(controllers []string) profile.HostOptions {
	o := profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true, Arch: runtime.GOARCH}
	if !node.Delegated(controllers) {
		o.BinaryName = node.OCIWrapper
	}
	return o
}
