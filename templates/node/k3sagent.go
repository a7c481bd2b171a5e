package node

import (
	"maps"
	"slices"
	"strings"
)

// k3sAgentFlags are the flags of "k3s agent", and so the keys that the
// configuration of an agent may have: those of NewAgentCommand in
// pkg/cli/cmds/agent.go of K3s v1.36.3+k3s1, the hidden airgap-extra-registry
// among them. K3s passes over keys that it does not know for servers only. An
// agent ends with "flag provided but not defined".
var k3sAgentFlags = []string{
	"airgap-extra-registry", "alsologtostderr", "bind-address", "c", "config", "container-runtime-endpoint",
	"d", "data-dir", "debug", "default-runtime", "disable-apiserver-lb", "disable-default-registry-endpoint",
	"docker", "enable-pprof", "flannel-cni-conf", "flannel-conf", "flannel-iface", "i",
	"image-credential-provider-bin-dir", "image-credential-provider-config", "image-service-endpoint",
	"kube-proxy-arg", "kubelet-arg", "l", "lb-server-port", "log", "node-external-dns", "node-external-ip",
	"node-internal-dns", "node-ip", "node-label", "node-name", "node-taint", "nonroot-devices", "pause-image",
	"prefer-bundled-bin", "private-registry", "protect-kernel-defaults", "resolv-conf", "rootless", "s",
	"selinux", "server", "snapshotter", "t", "token", "token-file", "v", "vmodule", "vpn-auth",
	"vpn-auth-file", "with-node-id",
}

// withoutServerKeys takes out what an agent of K3s does not know. A "+" says
// that values are added to those of earlier files; the flag is the same.
func withoutServerKeys(values map[string]any) {
	maps.DeleteFunc(values, func(key string, _ any) bool {
		return !slices.Contains(k3sAgentFlags, strings.TrimSuffix(key, "+"))
	})
}
