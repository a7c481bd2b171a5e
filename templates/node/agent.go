package node

import "github.com/vclusterctl/vclusterctl/templates/guestapi"

// agent returns the files of a pool node: how its kubelet asks for its first
// certificate, beside what every node has.
func (p upstream) agent() []File {
	kubeconfig := map[string]any{
		"apiVersion": "v1",
		"kind":       "Config",
		"clusters": []any{map[string]any{"name": "default", "cluster": map[string]any{
			"server":                "https://" + p.Config.JoinEndpoint,
			"tls-server-name":       guestapi.FixedServerName,
			"certificate-authority": guestapi.JoinDir + "/" + guestapi.JoinCACert,
		}}},
		"users":           []any{map[string]any{"name": "default", "user": map[string]any{"token": p.JoinToken}}},
		"contexts":        []any{map[string]any{"name": "default", "context": map[string]any{"cluster": "default", "user": "default"}}},
		"current-context": "default",
	}
	return append(p.common(), File{Path: BootstrapKubeconfig, Mode: 0o600, Content: mustYAML(kubeconfig)})
}

// kubeletKubeconfig is where this node's kubelet keeps its credentials.
func (p *plan) kubeletKubeconfig() string {
	return KubeletCredentials(p.Config)
}

// KubeletCredentials is the kubeconfig of a node's kubelet. A server's is made
// at each boot; a pool node's comes from its cluster and lives on the state
// volume. K3s keeps the certificate in a file of its own.
func KubeletCredentials(config guestapi.NodeConfig) string {
	switch {
	case config.Distro == guestapi.DistroK3s:
		return guestapi.K3sStateDir + "/agent/client-kubelet.crt"
	case config.Role == guestapi.RoleServer:
		return KubeletKubeconfig
	default:
		return guestapi.StateDir + "/kubelet.conf"
	}
}

// KubeletAccess is the kubeconfig with which a node's kubelet talks to its
// cluster.
func KubeletAccess(config guestapi.NodeConfig) string {
	if config.Distro == guestapi.DistroK3s {
		return guestapi.K3sStateDir + "/agent/kubelet.kubeconfig"
	}
	return KubeletCredentials(config)
}

// caFile is the CA that this node verifies the API and its callers with.
func (p *plan) caFile() string {
	return guestapi.JoinDir + "/" + guestapi.JoinCACert
}
