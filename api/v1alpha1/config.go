package v1alpha1

import (
	"regexp"
	"slices"
	"strings"
)

// ConfigPattern is the regular expression of a key of spec.config:
// <component>.<flag>, or for distro k3s also a key of its own configuration.
const ConfigPattern = `^((etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet)[.])?[a-z][a-z0-9-]*$`

// reservedK3s lists the keys of K3s's own configuration that are reserved, for
// the same reasons. Flags of components go by <component>.<flag> on either
// distro, so that the same are reserved.
func reservedK3s() []string {
	return []string{
		"*-arg", "advertise-*", "agent-token*", "airgap-extra-registry", "alsologtostderr", "apiserver-*",
		"bind-address", "c", "cluster-*", "config", "container-runtime-endpoint", "d", "data-dir", "datastore-*",
		"default-local-storage-path", "default-runtime", "disable", "disable-agent", "disable-apiserver*",
		"disable-cloud-controller", "disable-controller-manager", "disable-etcd", "disable-kube-proxy",
		"disable-network-policy", "disable-scheduler", "docker", "egress-selector-mode", "etcd-*", "flannel-*",
		"https-listen-port", "i", "image-service-endpoint", "kine-tls", "l", "lb-server-port", "log", "no-*", "node-*",
		"o", "pause-image", "private-registry", "protect-kernel-defaults", "resolv-conf", "rootless", "s",
		"selinux", "server", "service-cidr", "snapshotter", "supervisor-port", "system-default-registry", "t",
		"tls-san*", "token*", "vpn-auth*", "with-node-id", "write-kubeconfig*",
	}
}

// reserved lists, per component, the flags that the product sets or whose
// change would break what it promises: identity, addresses, datastore,
// authentication and the state volume. A "*" stands for anything. The CRD
// refuses the same keys; a test holds the two together.
func reserved() map[string][]string {
	return map[string][]string{
		"etcd": {
			"advertise-client-urls", "auto-tls", "cert-file", "client-*", "config-file", "data-dir", "discovery*",
			"enable-grpc-gateway", "enable-v2*", "force-new-cluster", "initial-*", "key-file", "listen-*", "name", "peer-*", "proxy*",
			"trusted-ca-file", "wal-dir",
		},
		"kube-apiserver": {
			"advertise-address", "allow-privileged", "anonymous-auth", "authentication-*", "authorization-*",
			"bind-address", "cert-dir", "client-ca-file", "cloud-*", "disable-admission-plugins",
			"egress-selector-config-file", "enable-admission-plugins", "enable-bootstrap-token-auth", "etcd-*", "kubelet-*", "permit-*-sharing",
			"proxy-client-*", "requestheader-*", "secure-port", "service-account-*", "service-cluster-ip-range",
			"storage-backend", "tls-cert-file", "tls-private-key-file", "tls-sni-*", "token-auth-file",
		},
		"kube-controller-manager": {
			"allocate-node-cidrs", "authentication-*", "authorization-*", "bind-address", "cert-dir",
			"client-ca-file", "cloud-*", "cluster-cidr", "cluster-name", "cluster-signing-*", "controllers",
			"kubeconfig", "leader-elect*", "master", "requestheader-*", "root-ca-file", "secure-port",
			"service-account-*", "service-cluster-ip-range", "tls-cert-file", "tls-private-key-file",
			"use-service-account-credentials",
		},
		"kube-scheduler": {
			"authentication-*", "authorization-*", "bind-address", "cert-dir", "client-ca-file", "config",
			"kubeconfig", "leader-elect*", "master", "requestheader-*", "secure-port", "tls-cert-file",
			"tls-private-key-file",
		},
		"kubelet": {
			"address", "anonymous-auth", "authentication-*", "authorization-*", "bootstrap-kubeconfig", "cert-dir",
			"cgroup-*", "cgroups-per-qos", "client-ca-file", "cloud-*", "cluster-dns", "cluster-domain", "config",
			"config-dir", "container-runtime-endpoint", "enforce-node-allocatable", "fail-cgroupv1",
			"fail-swap-on", "feature-gates", "healthz-*", "hostname-override", "image-service-endpoint",
			"kubeconfig", "node-ip", "node-labels", "oom-score-adj", "port", "protect-kernel-defaults",
			"read-only-port", "register-node", "register-with-taints", "resolv-conf", "root-dir", "rotate-*",
			"runtime-cgroups", "seccomp-default", "system-cgroups", "tls-cert-file", "tls-private-key-file",
		},
	}
}

// ReservedConfigPattern is the regular expression of the keys of spec.config
// that are refused.
func ReservedConfigPattern() string {
	byComponent := reserved()
	components := make([]string, 0, len(byComponent))
	for component, flags := range byComponent {
		components = append(components, component+"[.]("+alternatives(flags)+")")
	}
	slices.Sort(components)
	return "^(" + strings.Join(components, "|") + ")$"
}

// ReservedK3sPattern is the regular expression of the keys of K3s's own
// configuration that are refused.
func ReservedK3sPattern() string { return "^(" + alternatives(reservedK3s()) + ")$" }

// alternatives is a regular expression of names. No name of a flag has a dot.
func alternatives(names []string) string {
	return strings.ReplaceAll(strings.Join(names, "|"), "*", "[^.]*")
}

// RefusedConfigKeys returns, sorted, those keys of spec.config that no cluster
// may set: they are not <component>.<flag> or a key of K3s, or reserved.
func RefusedConfigKeys(config map[string]string) []string {
	known, refused := regexp.MustCompile(ConfigPattern), regexp.MustCompile(ReservedConfigPattern())
	refusedK3s := regexp.MustCompile(ReservedK3sPattern())
	var out []string
	for key := range config {
		if !known.MatchString(key) || refused.MatchString(key) || refusedK3s.MatchString(key) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// K3sConfigKeys returns, sorted, those keys of spec.config that only distro
// k3s knows.
func K3sConfigKeys(config map[string]string) []string {
	var out []string
	for key := range config {
		if !strings.Contains(key, ".") {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}
