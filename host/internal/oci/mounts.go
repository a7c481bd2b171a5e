package oci

import specs "github.com/opencontainers/runtime-spec/specs-go"

// mounts lists what is mounted over the root file system. Nothing is masked or
// read-only below /proc and /sys: the node configures the kernel's network and
// starts containers with their own view of both.
func mounts(p Params) []specs.Mount {
	list := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "noexec", "mode=1777"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "nodev", "noexec"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev"}},
		// Of type cgroup2, not cgroup: runc would mount the v1 hierarchies of
		// a machine that has them.
		{Destination: "/sys/fs/cgroup", Type: "cgroup2", Source: "cgroup2", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/run", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "mode=755"}},
		bind(p.ConfigDir, p.ConfigTarget, "ro"),
		bind(p.StateDir, p.StateTarget),
	}
	if p.ModulesDir != "" {
		list = append(list, bind(p.ModulesDir, "/usr/lib/modules", "ro"))
	}
	return list
}

// bind leaves the peer group of the source before it forms one of its own: what
// the node mounts must reach its pods and must not reach the machine.
func bind(source, target string, options ...string) specs.Mount {
	return specs.Mount{
		Destination: target,
		Type:        "bind",
		Source:      source,
		Options:     append([]string{"rbind", "rprivate", "rshared"}, options...),
	}
}
