package prepare

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// gatherInputs reads everything that a node's files depend on.
func gatherInputs(config guestapi.NodeConfig, f guestapi.Facts, distro distro) (node.Inputs, error) {
	in := node.Inputs{Config: config, Facts: f, Images: carriedImages()}
	var err error
	if in.Name, err = nodeName(in.Config.NodeNamePrefix); err != nil {
		return in, err
	}
	if in.IP, err = nodeIP(); err != nil {
		return in, err
	}
	if in.JoinToken, err = readTrimmed(guestapi.JoinDir + "/" + guestapi.JoinToken); err != nil {
		return in, fmt.Errorf("read the join token: %w", err)
	}
	if in.JoinCA, err = readFile(guestapi.JoinDir + "/" + guestapi.JoinCACert); err != nil {
		return in, fmt.Errorf("read the authority to join: %w", err)
	}
	if in.Nameservers, err = nameservers("/etc/resolv.conf"); err != nil {
		return in, err
	}
	return in, distro.inputs(&in)
}

// ReadConfig reads a NodeConfig strictly: a field this guest does not know is
// an error, because ignoring it could mean ignoring a restriction.
func ReadConfig(path string) (guestapi.NodeConfig, error) {
	var config guestapi.NodeConfig
	raw, err := os.ReadFile(path)
	if err != nil {
		return config, err
	}
	if err := yaml.UnmarshalStrict(raw, &config); err != nil {
		return config, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

func nodeName(prefix string) (string, error) {
	index, err := readTrimmed(guestapi.PodIndexFile)
	if err != nil {
		return "", fmt.Errorf("read the pod's index: %w", err)
	}
	return prefix + index, nil
}

// nodeIP returns the IPv4 address of the interface that the container runtime
// gave this node, which is eth0 wherever CNI is used.
func nodeIP() (netip.Addr, error) {
	iface, err := net.InterfaceByName("eth0")
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find this node's interface eth0: %w", err)
	}
	addrs, err := iface.Addrs()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("read the addresses of eth0: %w", err)
	}
	for _, addr := range addrs {
		prefix, err := netip.ParsePrefix(addr.String())
		if err == nil && prefix.Addr().Is4() {
			return prefix.Addr(), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("eth0 has no IPv4 address; clusters with IPv6 only are not supported yet")
}

// nameservers returns the servers of a resolv.conf without loopback ones,
// which mean something else inside a pod's network namespace.
func nameservers(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var servers []string
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if addr, err := netip.ParseAddr(fields[1]); err == nil && !addr.IsLoopback() {
			servers = append(servers, addr.String())
		}
	}
	return servers, nil
}

func readFile(path string) (string, error) {
	raw, err := os.ReadFile(path)
	return string(raw), err
}

func readTrimmed(path string) (string, error) {
	raw, err := os.ReadFile(path)
	return strings.TrimSpace(string(raw)), err
}

// carriedImages are the references of the images bundled in the node image,
// which was assembled from the same sources as this binary.
func carriedImages() node.Images {
	return node.Images{
		Pause:             images.Ref(images.Pause),
		CoreDNSRepository: images.Repository(),
		CoreDNSTag:        images.CoreDNSVersion,
		LocalPath:         images.Ref(images.LocalPath),
		Helper:            images.Ref(images.Busybox),
	}
}
