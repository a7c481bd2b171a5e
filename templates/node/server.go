package node

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// upstream builds the nodes of distro k8s.
type upstream struct{ *plan }

// server returns the files of a node with the control plane, or of a control
// plane alone, which is no node: units without their file do not start.
func (p upstream) server() []File {
	files := []File{
		p.etcd(),
		p.apiServer(),
		p.controllerManager(),
		p.scheduler(),
		p.kubeadm(),
		p.bootstrap(),
		{Path: ManifestDir + "/10-nodes.yaml", Mode: 0o600, Content: nodesRBAC},
	}
	if !p.Config.ControlPlaneOnly {
		files = append(files, p.common()...)
	}
	if p.Config.LocalStorage {
		files = append(files, p.localStorage())
	}
	return files
}

func (p upstream) apiServer() File {
	return p.args("kube-apiserver", map[string]string{
		"advertise-address":                  p.IP.String(),
		"allow-privileged":                   "true",
		"authorization-mode":                 "Node,RBAC",
		"client-ca-file":                     PKIDir + "/ca.crt",
		"enable-admission-plugins":           "NodeRestriction",
		"enable-bootstrap-token-auth":        "true",
		"etcd-cafile":                        PKIDir + "/etcd/ca.crt",
		"etcd-certfile":                      PKIDir + "/apiserver-etcd-client.crt",
		"etcd-keyfile":                       PKIDir + "/apiserver-etcd-client.key",
		"etcd-servers":                       "https://127.0.0.1:2379",
		"kubelet-client-certificate":         PKIDir + "/apiserver-kubelet-client.crt",
		"kubelet-client-key":                 PKIDir + "/apiserver-kubelet-client.key",
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"proxy-client-cert-file":             PKIDir + "/front-proxy-client.crt",
		"proxy-client-key-file":              PKIDir + "/front-proxy-client.key",
		"requestheader-allowed-names":        "front-proxy-client",
		"requestheader-client-ca-file":       PKIDir + "/front-proxy-ca.crt",
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"secure-port":                        strconv.Itoa(APIPort),
		"service-account-issuer":             "https://kubernetes.default.svc." + p.Config.ClusterDomain,
		"service-account-key-file":           PKIDir + "/sa.pub",
		"service-account-signing-key-file":   PKIDir + "/sa.key",
		"service-cluster-ip-range":           p.Config.ServiceCIDR,
		"tls-cert-file":                      PKIDir + "/apiserver.crt",
		"tls-private-key-file":               PKIDir + "/apiserver.key",
	})
}

func (p upstream) controllerManager() File {
	const kubeconfig = RunDir + "/controller-manager.conf"
	return p.args("kube-controller-manager", map[string]string{
		"allocate-node-cidrs":       "true",
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"client-ca-file":            PKIDir + "/ca.crt",
		"cluster-cidr":              p.Config.PodCIDR,
		"cluster-name":              "kubernetes",
		"cluster-signing-cert-file": PKIDir + "/ca.crt",
		"cluster-signing-key-file":  PKIDir + "/ca.key",
		"controllers":               "*,bootstrapsigner,tokencleaner",
		// Every controller asks for a token of its own before any starts; at
		// the default rate that alone takes five seconds.
		"kube-api-burst":                   "400",
		"kube-api-qps":                     "200",
		"kubeconfig":                       kubeconfig,
		"leader-elect":                     "false", // one server: a lease would only delay the start
		"requestheader-client-ca-file":     PKIDir + "/front-proxy-ca.crt",
		"root-ca-file":                     PKIDir + "/ca.crt",
		"service-account-private-key-file": PKIDir + "/sa.key",
		"service-cluster-ip-range":         p.Config.ServiceCIDR,
		"use-service-account-credentials":  "true",
	})
}

func (p upstream) scheduler() File {
	const kubeconfig = RunDir + "/scheduler.conf"
	return p.args("kube-scheduler", map[string]string{
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"kubeconfig":                kubeconfig,
		"leader-elect":              "false",
	})
}

// bootstrap marks the node as one that sets its cluster up after the API
// serves: it is the condition of that unit.
func (p *plan) bootstrap() File {
	return File{Path: ArgsDir + "/bootstrap", Mode: 0o600, Content: "ARGS=\n"}
}

// APINames are all names and addresses of a server's certificate: those that
// kubeadm would add by itself, and those that are asked for.
func APINames(in Inputs) (names []string, addresses []netip.Addr, err error) {
	service, err := netip.ParsePrefix(in.Config.ServiceCIDR)
	if err != nil {
		return nil, nil, fmt.Errorf("serviceCIDR: %w", err)
	}
	names = []string{"kubernetes", "kubernetes.default", guestapi.FixedServerName, guestapi.FixedServerName + "." + in.Config.ClusterDomain, in.Name}
	addresses = []netip.Addr{service.Masked().Addr().Next(), in.IP}
	for _, san := range (&plan{Inputs: in}).sans() {
		if address, err := netip.ParseAddr(san); err == nil {
			addresses = append(addresses, address)
		} else {
			names = append(names, san)
		}
	}
	return names, addresses, nil
}

// sans are the names and addresses of the API server's certificate beside
// those that kubeadm adds by itself, FixedServerName among them.
func (p *plan) sans() []string {
	sans := []string{"localhost", "127.0.0.1"}
	for _, san := range p.Config.ExtraSANs {
		if san = strings.TrimSpace(san); san != "" {
			sans = append(sans, san)
		}
	}
	return sans
}
