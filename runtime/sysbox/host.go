package sysbox

import (
	"fmt"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// binary is where Sysbox's packages put it.
	binary = "/usr/bin/sysbox-runc"
	// Names of the files for containerd and CRI-O.
	containerdFile = "vclusterctl-sysbox.toml"
	crioFile       = "99-vclusterctl-sysbox.conf"
)

// hostConfig is for nodes where Sysbox was installed by hand: its installer
// writes the same, but to one place only, which K3s does not read and which
// containerd 2 ignores under the key that it uses.
func hostConfig(o profile.HostOptions, program string) (profile.HostConfig, error) {
	if err := profile.CheckBinary(program); err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the sysbox profile: %w", err)
	}
	h := profile.ContainerdHandler{
		Name:     Handler,
		Settings: []profile.Setting{{Key: "runtime_type", Value: "io.containerd.runc.v2"}},
		Options:  []profile.Setting{{Key: "BinaryName", Value: program}, {Key: "SystemdCgroup", Value: o.SystemdCgroup}},
	}
	if o.NoUnprivilegedPorts {
		h.CRI = []profile.Setting{{
			Key: "enable_unprivileged_ports", Value: false,
			Comment: "For every pod of the node: containerd asks for a sysctl that Sysbox may not set.",
		}}
	}
	data, err := h.DropIn(o.ContainerdConfig)
	if err != nil {
		return profile.HostConfig{}, fmt.Errorf("host configuration of the sysbox profile: %w", err)
	}
	crio := fmt.Sprintf("[crio.runtime.runtimes.%s]\n  runtime_path = %q\n  # For RuntimeClasses with the annotation %s: %s.\n  allowed_annotations = [%q]\n",
		Handler, program, profile.AnnotationUserNamespace, profile.ByCRIOAnnotation, profile.CRIOAnnotation)
	return profile.HostConfig{
		Containerd: profile.File{Name: containerdFile, Data: data},
		CRIO:       &profile.File{Name: crioFile, Data: []byte(crio)},
		Program:    program,
		NodeLabels: map[string]string{NodeLabel: NodeLabelValue},
	}, nil
}
