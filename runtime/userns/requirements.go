package userns

import "github.com/vclusterctl/vclusterctl/runtime/profile"

// innerRefused is what happens first without a capability of the default set,
// whatever use the node itself has for it, and innerCaps what the inner runc says
// then.
const (
	innerRefused = "Inner containers do not start: the inner containerd gives them its default set, and runc can only give what it has."
	innerCaps    = "unable to apply caps"
)

// requirements is everything a node pod is given. The order of the capabilities
// is that of the container runtime's default set, then what is added to it.
func requirements() []profile.Requirement {
	var all []profile.Requirement
	all = append(all, defaultCapabilities()...)
	all = append(all, addedCapabilities()...)
	all = append(all, settings()...)
	return append(all, syscalls()...)
}

// defaultCapabilities are those of containerd's default set, which any pod
// gets: all of it, because the inner containers get it from the inner
// containerd in turn.
func defaultCapabilities() []profile.Requirement {
	return []profile.Requirement{
		byDefault("CHOWN", innerCaps, "containerd gives the files of an image, and the kubelet those of a volume, their owners.", innerRefused),
		byDefault("DAC_OVERRIDE", "failed to mount rootfs component", "containerd and the kubelet work on files that belong to the users of inner pods, and overlayfs in a folder that is closed to everybody.", "Inner containers do not start."),
		byDefault("FSETID", innerCaps, "containerd and the kubelet set setgid bits on files of groups they are not in.", innerRefused),
		byDefault("FOWNER", innerCaps, "containerd, the kubelet and systemd-tmpfiles set modes and times of files they do not own.", innerRefused),
		byDefault("MKNOD", innerCaps, "Inner containers have it by default. It makes no devices in a user namespace, for nobody.", innerRefused),
		byDefault("NET_RAW", innerCaps, "Inner containers have it by default, for ping; iptables in its legacy variant opens a raw socket.", innerRefused),
		byDefault("SETGID", "setgroups: operation not permitted", "systemd and runc start processes as other groups.", "No inner container and no service with a user of its own starts."),
		byDefault("SETUID", innerCaps, "systemd and runc start processes as other users.", innerRefused),
		byDefault("SETFCAP", innerCaps, "containerd restores file capabilities when it unpacks images; a nested user namespace that maps root needs it too.", innerRefused),
		byDefault("SETPCAP", innerCaps, "runc and systemd take capabilities out of the bounding set of what they start.", innerRefused),
		byDefault("NET_BIND_SERVICE", innerCaps, "CoreDNS asks for it, and inner containers have it by default.", innerRefused),
		byDefault("SYS_CHROOT", "join container mntns: setns: operation not permitted", "runc joins the mount namespace of a container that it makes or enters.", "Inner containers do not start."),
		byDefault("KILL", innerCaps, "systemd, containerd and the kubelet stop processes of other users.", innerRefused),
		byDefault("AUDIT_WRITE", innerCaps, "Inner containers have it by default. It writes no audit records in a user namespace, for nobody.", innerRefused),
	}
}

func byDefault(name, symptom, reason, without string) profile.Requirement {
	return profile.Requirement{
		Kind: profile.KindCapability, Name: name,
		Reason: reason, Without: without, Symptom: symptom, InDefault: true,
	}
}

// addedCapabilities are those that no pod gets unless it asks for them. All of
// them count only inside the pod's own user namespace.
func addedCapabilities() []profile.Requirement {
	return []profile.Requirement{
		{
			Kind: profile.KindCapability, Name: "SYS_ADMIN",
			Reason:  "systemd, containerd and runc mount file systems and make namespaces.",
			Without: "systemd exits at boot.",
			Symptom: "Failed to mount API filesystems",
		},
		{
			Kind: profile.KindCapability, Name: "NET_ADMIN",
			Reason:  "The CNI plugins, kube-proxy and flannel configure the node's network and make those of inner pods.",
			Without: "The node does not come up: it may not even forward packets.",
			Symptom: "switch on net.ipv4.ip_forward: open /proc/sys/net/ipv4/ip_forward: permission denied",
		},
		{
			Kind: profile.KindCapability, Name: "SYS_PTRACE",
			Reason:  "runc opens the mount namespace of a container that it makes in another network namespace, as it does for every inner pod, and all namespaces of one that it enters.",
			Without: "Inner pods do not start.",
			Symptom: "open container mntns",
		},
	}
}

// settings are fields of the security context.
func settings() []profile.Requirement {
	return []profile.Requirement{
		{
			Kind: profile.KindSetting, Name: profile.SettingProcMount,
			Reason:  "kube-proxy, the kubelet and the CNI plugins set sysctls of the pod's own network; and a kernel lets nobody mount the fresh /proc of an inner container while parts of the outer one are masked.",
			Without: "The node does not come up: it may not even forward packets.",
			Symptom: "switch on net.ipv4.ip_forward: open /proc/sys/net/ipv4/ip_forward: read-only file system",
		},
		{
			Kind: profile.KindSetting, Name: profile.SettingAppArmor,
			Reason:  "The container runtime's default AppArmor profile denies every mount. On a node without AppArmor the setting means nothing.",
			Without: "systemd freezes at boot on a node with AppArmor.",
		},
	}
}

// syscalls are where the seccomp profile differs from what the container
// runtime gives by default to a container with the capabilities above.
func syscalls() []profile.Requirement {
	return []profile.Requirement{
		{
			Kind: profile.KindSyscall, Name: "pivot_root",
			Reason:  "runc changes the root of every inner container with it.",
			Without: "Inner containers do not start.",
			Symptom: "pivot_root .: operation not permitted",
		},
		{
			Kind: profile.KindAbsentSyscall, Name: "keyctl",
			Reason:  "runc makes a session keyring for every inner container, and does without where the kernel has none. Keyrings are no part of a user namespace's isolation, so the pod gets none.",
			Without: "Inner containers do not start.",
			Symptom: "unable to join session keyring",
		},
	}
}
