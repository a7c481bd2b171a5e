package userns

import "github.com/vclusterctl/vclusterctl/runtime/profile"

// innerRefused is what happens without a capability that the node itself has no
// use for.
const innerRefused = "Inner containers do not start: the inner containerd gives them its default set, and runc can only give what it has."

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
		byDefault("CHOWN", "containerd gives the files of an image, and the kubelet those of a volume, their owners.", "Images do not unpack."),
		byDefault("DAC_OVERRIDE", "containerd and the kubelet work on files that belong to the users of inner pods.", "Volumes and images of users other than root cannot be prepared."),
		byDefault("FSETID", "containerd and the kubelet set setgid bits on files of groups they are not in.", "Setgid bits of images and of volumes with an fsGroup are lost."),
		byDefault("FOWNER", "containerd, the kubelet and systemd-tmpfiles set modes and times of files they do not own.", "Images do not unpack."),
		byDefault("MKNOD", "Inner containers have it by default. It makes no devices in a user namespace, for nobody.", innerRefused),
		byDefault("NET_RAW", "Inner containers have it by default, for ping; iptables in its legacy variant opens a raw socket.", innerRefused),
		byDefault("SETGID", "systemd and runc start processes as other groups.", "No service with a user of its own starts."),
		byDefault("SETUID", "systemd and runc start processes as other users.", "No service with a user of its own starts."),
		byDefault("SETFCAP", "containerd restores file capabilities when it unpacks images; a nested user namespace that maps root needs it too.", "Images with file capabilities do not unpack."),
		byDefault("SETPCAP", "runc and systemd take capabilities out of the bounding set of what they start.", "No inner container starts."),
		byDefault("NET_BIND_SERVICE", "CoreDNS asks for it, and inner containers have it by default.", innerRefused),
		byDefault("SYS_CHROOT", "Joining a mount namespace takes it: exec into an inner pod does that.", "No exec into inner pods, and no inner exec probe."),
		byDefault("KILL", "systemd, containerd and the kubelet stop processes of other users.", "Services and inner pods of other users cannot be stopped."),
		byDefault("AUDIT_WRITE", "Inner containers have it by default. It writes no audit records in a user namespace, for nobody.", innerRefused),
	}
}

func byDefault(name, reason, without string) profile.Requirement {
	return profile.Requirement{Kind: profile.KindCapability, Name: name, Reason: reason, Without: without, InDefault: true}
}

// addedCapabilities are those that no pod gets unless it asks for them. All of
// them count only inside the pod's own user namespace.
func addedCapabilities() []profile.Requirement {
	return []profile.Requirement{
		{
			Kind: profile.KindCapability, Name: "SYS_ADMIN",
			Reason:  "systemd, containerd and runc mount file systems and make namespaces.",
			Without: "systemd freezes at boot.",
			Symptom: "Failed to mount tmpfs at /run/lock: Operation not permitted",
		},
		{
			Kind: profile.KindCapability, Name: "NET_ADMIN",
			Reason:  "The CNI plugins, kube-proxy and flannel configure the node's network and make those of inner pods.",
			Without: "The inner node does not stay ready: it can configure no network.",
		},
		{
			Kind: profile.KindCapability, Name: "SYS_PTRACE",
			Reason:  "runc opens the namespaces of inner containers, whose processes may not be looked at otherwise.",
			Without: "Inner containers do not start.",
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
			Without: "kube-proxy exits.",
			Symptom: "route_localnet",
		},
		{
			Kind: profile.KindSetting, Name: profile.SettingAppArmor,
			Reason:  "The container runtime's default AppArmor profile denies every mount. On a node without AppArmor the setting means nothing.",
			Without: "systemd freezes at boot on a node with AppArmor.",
		},
	}
}

// syscalls are those that the container runtime's default seccomp profile does
// not allow to a container with the capabilities above.
func syscalls() []profile.Requirement {
	return []profile.Requirement{
		{
			Kind: profile.KindSyscall, Name: "pivot_root",
			Reason:  "runc changes the root of every inner container with it.",
			Without: "Inner containers do not start.",
			Symptom: "pivot_root",
		},
		{
			Kind: profile.KindSyscall, Name: "keyctl",
			Reason:  "runc gives every inner container a session keyring of its own.",
			Without: "Inner containers do not start, unless the inner runc is told NoNewKeyring.",
			Symptom: "unable to join session keyring",
		},
		{
			Kind: profile.KindSyscall, Name: "add_key",
			Reason:  "Belongs to keyctl: whoever may manage keyrings may put keys into them.",
			Without: "Inner containers without a seccomp profile of their own cannot add keys.",
		},
		{
			Kind: profile.KindSyscall, Name: "request_key",
			Reason:  "Belongs to keyctl: whoever may manage keyrings may look keys up.",
			Without: "Inner containers without a seccomp profile of their own cannot look up keys.",
		},
	}
}
