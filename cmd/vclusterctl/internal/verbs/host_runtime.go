package verbs

import (
	"os"
	"runtime"

	"github.com/vclusterctl/vclusterctl/host"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// findImage is where the node image is.
func findImage(getenv func(string) string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	return host.FindImage(host.Search{Getenv: getenv, WorkDir: dir, Executable: program, Exists: exists})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// hostRuntime is what the node is given for the pods of virtual clusters: what
// the userns profile asks of any node, in the form that the node image has.
func hostRuntime() (host.Runtime, error) {
	known := userns.New()
	config, err := known.HostConfig(hostOptions(nil))
	if err != nil {
		return host.Runtime{}, err
	}
	r := host.Runtime{NodeLabels: config.NodeLabels, Containerd: func(controllers []string) (map[string][]byte, error) {
		config, err := known.HostConfig(hostOptions(controllers))
		return map[string][]byte{config.Containerd.Name: config.Containerd.Data}, err
	}}
	if config.Seccomp != nil {
		r.Seccomp = map[string][]byte{config.Seccomp.Name: config.Seccomp.Data}
	}
	return r, nil
}

// hostOptions describe containerd as the node image runs it.
func hostOptions(controllers []string) profile.HostOptions {
	o := profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true, Arch: runtime.GOARCH}
	if !node.Delegated(controllers) {
		o.BinaryName = node.OCIWrapper
	}
	return o
}
