package node

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Files of K3s. It reads its configuration from the first folder, in the order
// of the names.
const (
	k3sConfigDir     = "/etc/rancher/k3s/config.yaml.d"
	k3sKubeletDir    = guestapi.K3sStateDir + "/agent/etc/kubelet.conf.d"
	k3sContainerdDir = guestapi.K3sStateDir + "/agent/etc/containerd/config-v3.toml.d"
	// K3sTLSDir is where K3s looks for authorities before it makes its own.
	K3sTLSDir = guestapi.K3sStateDir + "/server/tls"
	// K3sImageDir is where K3s looks for image archives.
	K3sImageDir = guestapi.K3sStateDir + "/agent/images"
	// K3sSubnetFile appears once the pod network of K3s has its subnet.
	K3sSubnetFile = "/run/flannel/subnet.env"
)

// k3s builds the nodes of distro k3s: one unit, configured by files.
type k3s struct{ *plan }

// server returns the files of a node with the control plane.
func (p k3s) server() []File {
	files := append(p.common(),
		p.config(p.serverConfig()),
		p.unit("k3s"),
		p.kubeadm(),
		p.bootstrap(),
		File{Path: ManifestDir + "/10-nodes.yaml", Mode: 0o600, Content: k3sNodesRBAC},
	)
	if p.etcdRuns() {
		files = append(files, p.etcd())
	}
	if p.Config.LocalStorage {
		files = append(files, p.localStorage())
	}
	return files
}

// agent returns the files of a pool node.
func (p k3s) agent() []File {
	return append(p.common(), p.config(p.agentConfig()), p.unit("k3s-agent"))
}

// common returns the files of every node.
func (p k3s) common() []File {
	files := []File{p.resolvConf(), p.kubelet(), p.containerd(), p.userConfig()}
	return append(files, p.registries()...)
}

// unit is the condition of a unit of K3s. What it is told is in files.
func (p k3s) unit(name string) File {
	return File{Path: ArgsDir + "/" + name, Mode: 0o600, Content: "ARGS=\n"}
}

func (p k3s) config(values map[string]any) File {
	return File{Path: k3sConfigDir + "/10-vcluster.yaml", Mode: 0o600, Content: mustYAML(values)}
}

// etcdRuns says whether the datastore is our own etcd.
func (p k3s) etcdRuns() bool { return p.Config.Datastore != guestapi.DatastoreSQLite }

// nodeConfig is what servers and agents share.
func (p k3s) nodeConfig() map[string]any {
	config := map[string]any{
		"node-name":   p.Name,
		"node-ip":     p.IP.String(),
		"pause-image": p.Images.Pause,
		"resolv-conf": ResolvConf,
		"snapshotter": p.Facts.Snapshotter,
		// What pods keep on the node belongs on the state volume.
		"kubelet-arg": []string{"root-dir=" + p.stateDir("kubelet")},
	}
	if len(p.Config.NodeLabels) > 0 {
		config["node-label"] = pairs(p.Config.NodeLabels)
	}
	if len(p.Config.NodeTaints) > 0 {
		config["node-taint"] = p.Config.NodeTaints
	}
	return config
}

func (p k3s) serverConfig() map[string]any {
	config := p.nodeConfig()
	maps.Copy(config, map[string]any{
		"token":          p.ServerToken,
		"agent-token":    p.JoinToken,
		"tls-san":        append([]string{guestapi.FixedServerName}, p.sans()...),
		"cluster-cidr":   p.Config.PodCIDR,
		"service-cidr":   p.Config.ServiceCIDR,
		"cluster-dns":    p.dns.String(),
		"cluster-domain": p.Config.ClusterDomain,
		// What K3s packages needs images from a registry. The node image brings
		// its own DNS and storage.
		"disable": []string{"coredns", "local-storage", "metrics-server", "servicelb", "traefik"},
		// There is no cloud to ask. Without it nodes need not wait for a
		// controller to take their taint off.
		"disable-cloud-controller": true,
		"disable-network-policy":   !p.Config.NetworkPolicy,
		"kube-controller-manager-arg": []string{
			// Every controller asks for a token of its own before any starts; at
			// the default rate that alone takes five seconds.
			"kube-api-burst=400", "kube-api-qps=200",
			// One server: a lease would only delay the start.
			"leader-elect=false",
		},
		"kube-scheduler-arg": []string{"leader-elect=false"},
	})
	if p.etcdRuns() {
		maps.Copy(config, datastore)
	}
	return config
}

// datastore is our own etcd, reached over loopback.
var datastore = map[string]any{
	"datastore-endpoint": "https://127.0.0.1:2379",
	"datastore-cafile":   PKIDir + "/etcd/ca.crt",
	"datastore-certfile": PKIDir + "/apiserver-etcd-client.crt",
	"datastore-keyfile":  PKIDir + "/apiserver-etcd-client.key",
}

func (p k3s) agentConfig() map[string]any {
	config := p.nodeConfig()
	maps.Copy(config, map[string]any{
		"server": "https://" + p.Config.JoinEndpoint,
		"token":  PinnedToken(p.JoinCA, p.JoinToken),
	})
	return config
}

// PinnedToken is the agent token in the form that carries the hash of the
// authority: an agent then joins that very cluster and no other.
func PinnedToken(ca, token string) string {
	sum := sha256.Sum256([]byte(ca))
	return "K10" + hex.EncodeToString(sum[:]) + "::node:" + token
}

// kubelet changes K3s's configuration of the kubelet.
func (p k3s) kubelet() File {
	config := map[string]any{
		"apiVersion":                "kubelet.config.k8s.io/v1beta1",
		"kind":                      "KubeletConfiguration",
		"nodeStatusUpdateFrequency": "1s",
		"nodeStatusReportFrequency": "5m0s",
		"oomScoreAdj":               0,
	}
	if p.usernsGate() {
		config["featureGates"] = map[string]any{"KubeletInUserNamespace": true}
	}
	if !p.delegated() {
		maps.Copy(config, withoutControllers)
	}
	return File{Path: k3sKubeletDir + "/10-vcluster.conf", Mode: 0o600, Content: mustYAML(config)}
}

// usernsGateDefault is the release from which on the kubelet finds out by
// itself that it runs in a user namespace.
var usernsGateDefault = version.MustParseGeneric("1.37.0")

// usernsGate says whether the kubelet has to be told that it runs in a user
// namespace.
func (p k3s) usernsGate() bool {
	if InitialUserNamespace(p.Facts.UIDMap) {
		return false
	}
	v, err := version.ParseGeneric(p.Version)
	return err != nil || v.LessThan(usernsGateDefault)
}

// InitialUserNamespace says whether an ID map is that of the machine itself.
func InitialUserNamespace(idMap []string) bool {
	return slices.Equal(idMap, []string{"0 0 4294967295"})
}

// containerd changes K3s's configuration of containerd. The file is always
// written: the state volume may hold that of another boot.
func (p k3s) containerd() File {
	content := "version = 3\n"
	if InitialUserNamespace(p.Facts.UIDMap) {
		// K3s asks for it in user namespaces only, but the root of a container
		// may lack the capability to lower a score just as well.
		content += "\n[plugins.'io.containerd.cri.v1.runtime']\n  restrict_oom_score_adj = true\n"
	}
	if !p.delegated() {
		content += "\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n" +
			"  BinaryName = " + strconv.Quote(OCIWrapper) + "\n"
	}
	return File{Path: k3sContainerdDir + "/10-vcluster.toml", Mode: 0o600, Content: content}
}

// k3sArgs are the keys of K3s's configuration for flags of its components.
var k3sArgs = map[string]string{
	"kube-apiserver":          "kube-apiserver-arg",
	"kube-controller-manager": "kube-controller-manager-arg",
	"kube-scheduler":          "kube-scheduler-arg",
	"kubelet":                 "kubelet-arg",
}

// userConfig is what the user wants beyond. It is read after ours; flags of
// components are added to those there are.
func (p k3s) userConfig() File {
	values := map[string]any{}
	for key, value := range p.Config.Config {
		if !strings.Contains(key, ".") {
			values[key] = lines(value)
		}
	}
	for component, key := range k3sArgs {
		if flags := pairs(p.raw(component)); len(flags) > 0 {
			values[key+"+"] = flags
		}
	}
	if p.Config.Role == guestapi.RoleAgent {
		withoutServerKeys(values)
	}
	return File{Path: k3sConfigDir + "/50-user.yaml", Mode: 0o600, Content: mustYAML(values)}
}

// lines is one value, or a list where there are several lines.
func lines(value string) any {
	items := strings.Split(strings.TrimRight(value, "\n"), "\n")
	if len(items) == 1 {
		return items[0]
	}
	return items
}

// pairs renders a map as sorted key=value items.
func pairs(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, key+"="+m[key])
	}
	return out
}
