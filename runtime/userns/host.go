package userns

import (
	"cmp"
	"fmt"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// Names of the files for containerd and CRI-O, and where the packages of CRI-O
// put the crun that they bring.
const (
	dropIn     = "vclusterctl-userns.toml"
	crioDropIn = "99-vclusterctl-userns.conf"
	crioCrun   = "/usr/libexec/crio/crun"
)

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
		CRIO:       &profile.File{Name: crioDropIn, Data: crio(o)},
		Seccomp:    seccomp,
		NodeLabels: p.seccomp.nodeLabels(),
	}, nil
}

// crio has no setting for a writable cgroup: the pod asks for it.
func crio(o profile.HostOptions) []byte {
	return fmt.Appendf(nil, "[crio.runtime.runtimes.%s]\n  runtime_path = %q\n  # For RuntimeClasses with the annotation %s: %s.\n  allowed_annotations = [%q]\n",
		Handler, cmp.Or(o.BinaryName, crioCrun), profile.AnnotationWritableCgroup, profile.CgroupByCRIOAnnotation, profile.CRIOCgroupAnnotation)
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
