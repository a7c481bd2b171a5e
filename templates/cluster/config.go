package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strconv"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// NodeConfig is the configuration of every node of a group.
func NodeConfig(in Input, g Group) guestapi.NodeConfig {
	cfg := guestapi.NodeConfig{
		APIVersion:     guestapi.ConfigVersion,
		Role:           g.Role,
		Distro:         string(in.Resolved.Distro),
		NodeNamePrefix: g.Name + "-",
		PodCIDR:        in.Resolved.PodCIDR,
		ServiceCIDR:    in.Resolved.ServiceCIDR,
		ClusterDomain:  in.Resolved.ClusterDomain,
		NodeLabels:     labels(g.Labels),
		NodeTaints:     taints(g.Taints),
		Config:         in.Spec.Config,
		NetworkPolicy:  true,
		LocalStorage:   true,

		RegistryMirrors: mirrors(in.Spec.Registries.Mirrors),
	}
	if g.Block {
		cfg.StateDevice = guestapi.StateDevice
	}
	if g.Role == guestapi.RoleServer {
		cfg.ControlPlaneOnly = in.ControlPlaneOnly()
		cfg.ExtraSANs = sans(in)
		cfg.Datastore = datastore(in.Resolved.Datastore)
		return cfg
	}
	cfg.JoinEndpoint = net.JoinHostPort(in.APIAddress, strconv.Itoa(APIPort))
	return cfg
}

// datastore leaves the usual one out: guests older than the field know no other.
func datastore(name string) string {
	if name == guestapi.DatastoreEtcd {
		return ""
	}
	return name
}

// ConfigMap hands the node configuration to the nodes of a group.
func ConfigMap(in Input, g Group) (*corev1ac.ConfigMapApplyConfiguration, error) {
	data, err := nodeYAML(in, g)
	if err != nil {
		return nil, err
	}
	return configMap(in, g, data), nil
}

// configMap holds the node configuration of a group.
func configMap(in Input, g Group, data []byte) *corev1ac.ConfigMapApplyConfiguration {
	return corev1ac.ConfigMap(GroupName(in.Name, g.Name), in.Namespace).
		WithLabels(GroupLabels(in.Name, g.Name, g.Role)).
		WithOwnerReferences(in.owner()).
		WithData(map[string]string{keyNodeConfig: string(data)})
}

func nodeYAML(in Input, g Group) ([]byte, error) {
	data, err := yaml.Marshal(NodeConfig(in, g))
	if err != nil {
		return nil, fmt.Errorf("node configuration of group %q: %w", g.Name, err)
	}
	return data, nil
}

// configHash identifies a node configuration.
func configHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// sans are the names under which the API can be reached in the host, for
// clients that verify what they dial. Our own kubeconfigs verify
// guestapi.FixedServerName and need none of them.
func sans(in Input) []string {
	svc := APIServiceName(in.Name)
	names := []string{
		svc,
		svc + "." + in.Namespace,
		svc + "." + in.Namespace + ".svc",
		in.APIAddress,
	}
	return slices.Compact(append(names, in.Spec.Expose.ExtraSANs...))
}

func labels(in map[string]v1alpha1.LabelValue) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[k] = string(v)
	}
	return out
}

func taints(in []v1alpha1.Taint) []string {
	out := make([]string, 0, len(in))
	for _, t := range in {
		out = append(out, t.Key+"="+string(t.Value)+":"+string(t.Effect))
	}
	return out
}

func mirrors(in []v1alpha1.RegistryMirror) []guestapi.RegistryMirror {
	out := make([]guestapi.RegistryMirror, 0, len(in))
	for _, m := range in {
		out = append(out, guestapi.RegistryMirror{Host: m.Host, Endpoints: m.Endpoints})
	}
	return out
}
