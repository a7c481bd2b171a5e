package userns

import (
	"fmt"
	"path"
	"strings"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// dropIn is the name of the file for containerd.
const dropIn = "vclusterctl-userns.toml"

// criPlugin says where the runtimes of containerd's CRI are configured, per
// version of its configuration file format.
var criPlugin = map[int]string{
	2: `plugins."io.containerd.grpc.v1.cri"`,
	3: `plugins."io.containerd.cri.v1.runtime"`,
	4: `plugins."io.containerd.cri.v1.runtime"`,
}

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

// containerdDropIn adds a handler of our own and touches no other: a table that
// the main file has already must not be defined again.
func containerdDropIn(o profile.HostOptions) ([]byte, error) {
	plugin, ok := criPlugin[o.ContainerdConfig]
	if !ok {
		return nil, fmt.Errorf("containerd has no configuration file version %d that we know: give 2, 3 or 4, the number after \"version =\" in its config.toml", o.ContainerdConfig)
	}
	if err := checkBinary(o.BinaryName); err != nil {
		return nil, err
	}
	table := plugin + ".containerd.runtimes." + Handler
	var b strings.Builder
	fmt.Fprintf(&b, "version = %d\n\n", o.ContainerdConfig)
	fmt.Fprintf(&b, "[%s]\n", table)
	b.WriteString("  runtime_type = \"io.containerd.runc.v2\"\n")
	b.WriteString("  # systemd in the pod makes cgroups of its own.\n")
	b.WriteString("  cgroup_writable = true\n\n")
	fmt.Fprintf(&b, "[%s.options]\n", table)
	fmt.Fprintf(&b, "  SystemdCgroup = %t\n", o.SystemdCgroup)
	if o.BinaryName != "" {
		fmt.Fprintf(&b, "  BinaryName = %q\n", o.BinaryName)
	}
	return []byte(b.String()), nil
}

// checkBinary refuses what a TOML string or a shim would not take.
func checkBinary(name string) error {
	if name == "" {
		return nil
	}
	if !path.IsAbs(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the OCI runtime %q must be an absolute path of plain ASCII", name)
	}
	return nil
}
