package node

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// common returns the files of every node: container runtime, kubelet, proxy
// and network.
func (p upstream) common() []File {
	files := []File{
		p.containerd(),
		p.args("containerd", map[string]string{"config": containerdConfig}),
		p.kubeletConfig(),
		p.kubeletArgs(),
		p.kubeProxyConfig(),
		p.args("kube-proxy", map[string]string{"config": kubeProxyConfig, "hostname-override": p.Name}),
		p.flannelNetwork(),
		p.flannel(),
		p.resolvConf(),
		{Path: RunDir + "/node.env", Mode: 0o600, Content: "NODE_NAME=" + p.Name + "\n"},
	}
	if p.Config.NetworkPolicy {
		files = append(files, p.kubeRouter())
	}
	return append(files, p.registries()...)
}

const (
	containerdConfig = RunDir + "/containerd.toml"
	kubeletConfig    = RunDir + "/kubelet.yaml"
	kubeProxyConfig  = RunDir + "/kube-proxy.yaml"
	flannelNetwork   = RunDir + "/flannel.json"
)

// Where containerd listens: the one of the node image, and that in K3s.
const (
	containerdAddress    = "/run/containerd/containerd.sock"
	k3sContainerdAddress = "/run/k3s/containerd/containerd.sock"
)

// ContainerdAddress is the socket of a node's containerd.
func ContainerdAddress(distro string) string {
	if distro == guestapi.DistroK3s {
		return k3sContainerdAddress
	}
	return containerdAddress
}

// OCIWrapper is the runtime binary on nodes without cgroup controllers: runc
// fails there on limits that the kernel has no file for.
const OCIWrapper = "/usr/local/bin/vcluster-oci"

func (p *plan) ociBinary() string {
	if p.delegated() {
		return "/usr/local/bin/runc"
	}
	return OCIWrapper
}

func (p upstream) containerd() File {
	content := fmt.Sprintf(`version = 3
root = %q
state = "/run/containerd"
oom_score = 0
imports = [%s]
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]

[plugins.'io.containerd.cri.v1.images']
  snapshotter = %q
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = %q
%s
[plugins.'io.containerd.cri.v1.runtime']
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = "runc"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        BinaryName = %q
        SystemdCgroup = true
`, guestapi.StateDir+"/containerd", p.imports(), p.Facts.Snapshotter, p.Images.Pause, p.registryPath(), p.ociBinary())
	return File{Path: containerdConfig, Mode: 0o600, Content: content}
}

// imports are the folders of containerd's drop-ins. On a host there is one that
// lasts, for handlers that it is given while it runs.
func (p upstream) imports() string {
	imports := strconv.Quote(guestapi.ContainerdDropInDir + "/*.toml")
	if p.Config.Bare {
		imports += ", " + strconv.Quote(guestapi.HostDropInDir+"/*.toml")
	}
	return imports
}

func (p *plan) kubeletConfig() File {
	config := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": p.caFile()},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"cgroupDriver":             "systemd",
		"clusterDNS":               []any{p.dns.String()},
		"clusterDomain":            p.Config.ClusterDomain,
		"containerRuntimeEndpoint": ContainerdSocket,
		"failSwapOn":               false,
		"healthzBindAddress":       "127.0.0.1",
		// A node that is back is seen to be ready at once. Only a change is
		// written, and a sign of life every five minutes; leases do the rest.
		"nodeStatusUpdateFrequency": "1s",
		"nodeStatusReportFrequency": "5m0s",
		// Lowering it needs a capability that neither a pod nor every machine has.
		"oomScoreAdj":        0,
		"resolvConf":         ResolvConf,
		"rotateCertificates": true,
		"featureGates":       map[string]any{"KubeletInUserNamespace": true},
	}
	if p.Config.Bare {
		// Pods of this node are nodes. With the default, systemd takes a whole
		// one down whenever a pod inside it runs out of memory.
		config["singleProcessOOMKill"] = true
	}
	if !p.delegated() {
		maps.Copy(config, withoutControllers)
	}
	return File{Path: kubeletConfig, Mode: 0o600, Content: mustYAML(config)}
}

// withoutControllers are the kubelet's settings where the kernel can hold
// nothing to a limit.
var withoutControllers = map[string]any{
	"cgroupsPerQOS":                 false,
	"enforceNodeAllocatable":        []any{},
	"failCgroupV1":                  false,
	"localStorageCapacityIsolation": false,
}

func (p *plan) kubeletArgs() File {
	flags := map[string]string{
		"config":            kubeletConfig,
		"kubeconfig":        p.kubeletKubeconfig(),
		"hostname-override": p.Name,
		"node-ip":           p.IP.String(),
		"root-dir":          guestapi.StateDir + "/kubelet",
		"cert-dir":          guestapi.StateDir + "/kubelet/pki",
	}
	if p.Config.Role == guestapi.RoleAgent {
		flags["bootstrap-kubeconfig"] = BootstrapKubeconfig
	}
	if len(p.Config.NodeLabels) > 0 {
		flags["node-labels"] = strings.Join(pairs(p.Config.NodeLabels), ",")
	}
	if len(p.Config.NodeTaints) > 0 {
		flags["register-with-taints"] = strings.Join(p.Config.NodeTaints, ",")
	}
	return p.args("kubelet", flags)
}

func (p *plan) kubeProxyConfig() File {
	config := map[string]any{
		"apiVersion":       "kubeproxy.config.k8s.io/v1alpha1",
		"kind":             "KubeProxyConfiguration",
		"clientConnection": map[string]any{"kubeconfig": p.kubeletKubeconfig()},
		"clusterCIDR":      p.Config.PodCIDR,
		"mode":             "nftables",
		// A new endpoint is reachable at once. The default of a second spares
		// clusters with thousands of Services.
		"nftables":    map[string]any{"minSyncPeriod": "100ms"},
		"oomScoreAdj": 0,
		// Connection tracking limits belong to the machine.
		"conntrack": map[string]any{
			"maxPerCore": 0, "min": 0,
			"tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s",
			"udpTimeout": "0s", "udpStreamTimeout": "0s",
		},
	}
	return File{Path: kubeProxyConfig, Mode: 0o600, Content: mustYAML(config)}
}

func (p *plan) flannelNetwork() File {
	out, err := json.Marshal(map[string]any{
		"Network": p.Config.PodCIDR,
		"Backend": map[string]any{"Type": "vxlan"},
	})
	if err != nil {
		panic(err) // plain strings marshal
	}
	return File{Path: flannelNetwork, Mode: 0o644, Content: string(out) + "\n"}
}

func (p *plan) flannel() File {
	return p.args("flanneld", map[string]string{
		"kube-subnet-mgr":        "true",
		"kubeconfig-file":        p.kubeletKubeconfig(),
		"net-config-path":        flannelNetwork,
		"iface":                  p.IP.String(),
		"ip-masq":                "true",
		"iptables-forward-rules": "true",
	})
}

// kubeRouter enforces NetworkPolicy objects and does nothing else.
func (p *plan) kubeRouter() File {
	return p.args("kube-router", map[string]string{
		"kubeconfig":               p.kubeletKubeconfig(),
		"hostname-override":        p.Name,
		"run-firewall":             "true",
		"run-router":               "false",
		"run-service-proxy":        "false",
		"run-loadbalancer":         "false",
		"service-cluster-ip-range": p.Config.ServiceCIDR,
		"health-port":              "0",
		"metrics-port":             "0",
	})
}

// resolvConf leaves search domains out: those outside mean nothing inside.
func (p *plan) resolvConf() File {
	var b strings.Builder
	for _, server := range p.Nameservers {
		fmt.Fprintf(&b, "nameserver %s\n", server)
	}
	return File{Path: ResolvConf, Mode: 0o644, Content: b.String()}
}
