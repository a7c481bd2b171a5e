package node

import (
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// kubeadm returns the configuration that kubeadm's phases run with: they make
// bootstrap tokens, RBAC and the DNS add-on once the API serves.
func (p *plan) kubeadm() File {
	docs := []any{p.initConfiguration(), p.clusterConfiguration()}
	var b strings.Builder
	for i, doc := range docs {
		if i > 0 {
			b.WriteString("---\n")
		}
		b.WriteString(mustYAML(doc))
	}
	return File{Path: KubeadmConfig, Mode: 0o600, Content: b.String()}
}

func (p *plan) initConfiguration() map[string]any {
	config := map[string]any{
		"apiVersion":       kubeadmVersion,
		"kind":             "InitConfiguration",
		"localAPIEndpoint": map[string]any{"advertiseAddress": p.IP.String(), "bindPort": APIPort},
		"nodeRegistration": map[string]any{
			"name":      p.Name,
			"criSocket": ContainerdSocket,
			// A server takes pods as well: small clusters have no other node.
			"taints": []any{},
		},
	}
	if p.Config.Distro == guestapi.DistroK8s {
		config["bootstrapTokens"] = p.bootstrapTokens()
	}
	return config
}

func (p *plan) bootstrapTokens() []any {
	return []any{map[string]any{
		"token":       p.JoinToken,
		"description": "pool nodes join with this token",
		// The token lives as long as its Secret outside does.
		"ttl":    "0s",
		"usages": []any{"signing", "authentication"},
		"groups": []any{"system:bootstrappers:kubeadm:default-node-token"},
	}}
}

func (p *plan) clusterConfiguration() map[string]any {
	return map[string]any{
		"apiVersion":          kubeadmVersion,
		"kind":                "ClusterConfiguration",
		"clusterName":         "kubernetes",
		"kubernetesVersion":   upstreamVersion(p.Version),
		"certificatesDir":     PKIDir,
		"encryptionAlgorithm": "ECDSA-P256",
		"networking": map[string]any{
			"podSubnet":     p.Config.PodCIDR,
			"serviceSubnet": p.Config.ServiceCIDR,
			"dnsDomain":     p.Config.ClusterDomain,
		},
		"apiServer": map[string]any{"certSANs": p.sans()},
		// What the certificates have, for who reads it in the cluster.
		"etcd": map[string]any{"local": map[string]any{
			"dataDir":      p.stateDir("etcd"),
			"peerCertSANs": []any{PeerName(p.Name)},
		}},
		"dns": map[string]any{
			"imageRepository": p.Images.CoreDNSRepository,
			"imageTag":        p.Images.CoreDNSTag,
		},
	}
}

// upstreamVersion is the version of Kubernetes that a version of a distro is
// made of: v1.36.3 of v1.36.3+k3s1.
func upstreamVersion(version string) string {
	plain, _, _ := strings.Cut(version, "+")
	return plain
}

const kubeadmVersion = "kubeadm.k8s.io/v1beta4"

// mustYAML marshals plain maps, lists and strings, which can't fail.
func mustYAML(v any) string {
	out, err := yaml.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(out)
}
