package userns

import (
	"fmt"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// dropIn is the name of the file for containerd.
const dropIn = "vclusterctl-userns.toml"

// HostConfig implements profile.Profile.
func (p Profile) HostConfig(o profile.HostOptions) (profile.HostConfig, error) {
	containerd, err := containerdDropIn(o)
	if err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the userns profile: %w", err)
	}
	seccomp, err := p.seccomp.file(o.Arch)
	if err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the userns profile: %w", err)
	}
	return profile.HostConfig{
		Containerd: profile.File{Name: dropIn, Data: containerd},
		Seccomp:    seccomp,
		NodeLabels: p.seccomp.nodeLabels(),
	}, nil
}

func containerdDropIn(o profile.HostOptions) ([]byte, error) {
	if err := profile.CheckBinary(o.BinaryName); err != nil {
		return nil, err
	}
	h := profile.ContainerdHandler{
		Name: Handler,
		Settings: []profile.Setting{
			{Key: "runtime_type", Value: "io.containerd.runc.v2"},
			{Key: "cgroup_writable", Value: true, Comment: "systemd in the pod makes cgroups of its own."},
		},
		Options: []profile.Setting{{Key: "SystemdCgroup", Value: o.SystemdCgroup}},
	}
	if o.BinaryName != "" {
		h.Options = append(h.Options, profile.Setting{Key: "BinaryName", Value: o.BinaryName})
	}
	return h.DropIn(o.ContainerdConfig)
}
