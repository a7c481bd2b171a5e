package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Subnet is the part of the pod range that flannel last made a network for. It
// is not valid before.
func Subnet() netip.Prefix {
	raw, err := os.ReadFile(subnetFile)
	if err != nil {
		return netip.Prefix{}
	}
	subnet, err := netip.ParsePrefix(values(string(raw))["FLANNEL_SUBNET"])
	if err != nil {
		return netip.Prefix{}
	}
	return subnet.Masked()
}

// Leftovers takes off a node what is left of an earlier part of the pod range: a
// node that registers anew gets another one. Pods with addresses of it are out
// of reach, and the kubelet does not notice.
type Leftovers struct {
	// reserved is where the addresses of pods are noted, by the name of the network.
	reserved string
	// stop ends a pod's sandbox. The kubelet makes it anew.
	stop func(ctx context.Context, sandbox string) error
	// links puts the interfaces right.
	links func(subnet netip.Prefix) error
	log   *slog.Logger

	stopped map[string]bool // sandboxes that need no second try
}

// reservedDir is where the CNI plugin host-local notes addresses.
const reservedDir = "/var/lib/cni/networks"

// reservedNames are the pod networks that follow flannel's subnet: ours, and that
// of K3s. A tenant may have more.
var reservedNames = []string{networkName, "cbr0"}

// NewLeftovers works on this very node.
func NewLeftovers(stop func(ctx context.Context, sandbox string) error, log *slog.Logger) *Leftovers {
	return &Leftovers{reserved: reservedDir, stop: stop, links: settleLinks, log: log, stopped: map[string]bool{}}
}

// Settle leaves only what belongs to subnet. What fails is tried at the next
// call.
func (l *Leftovers) Settle(ctx context.Context, subnet netip.Prefix) {
	if err := l.links(subnet); err != nil {
		l.log.Warn("take what is left of an earlier pod network off this node", "error", err)
	}
	outside, err := l.outside(subnet)
	if err != nil {
		l.log.Warn("look for pods of an earlier pod network", "error", err)
	}
	for address, sandbox := range outside {
		if l.stopped[sandbox] {
			continue
		}
		l.log.Info("pod has an address of an earlier pod network, and gets another one", "address", address, "sandbox", sandbox)
		if err := l.stop(ctx, sandbox); err != nil {
			l.log.Warn("stop a pod's sandbox", "sandbox", sandbox, "error", err)
			continue
		}
		l.stopped[sandbox] = true
	}
}

// outside lists the sandboxes, by address, that are not in a subnet.
func (l *Leftovers) outside(subnet netip.Prefix) (map[netip.Addr]string, error) {
	found := map[netip.Addr]string{}
	var errs []error
	for _, name := range reservedNames {
		entries, err := os.ReadDir(filepath.Join(l.reserved, name))
		if err != nil {
			errs = append(errs, ignoreNotExist(err))
			continue
		}
		for _, entry := range entries {
			address, err := netip.ParseAddr(entry.Name())
			if err != nil || subnet.Contains(address) {
				continue // a lock, the last address given, or as it should be
			}
			content, err := os.ReadFile(filepath.Join(l.reserved, name, entry.Name()))
			errs = append(errs, ignoreNotExist(err))
			// The sandbox, and in a second line the interface in it.
			if id := strings.TrimSpace(firstLine(string(content))); id != "" {
				found[address] = id
			}
		}
	}
	return found, errors.Join(errs...)
}

func ignoreNotExist(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// The interfaces of the pod network.
const (
	bridgeLink  = "cni0"
	flannelLink = "flannel.1"
)

// settleLinks takes addresses of other subnets off the bridge, and routes that
// lead out of the node to the subnet that is its own by now.
func settleLinks(subnet netip.Prefix) error {
	return errors.Join(settleBridge(subnet), settleRoutes(subnet))
}

func settleBridge(subnet netip.Prefix) error {
	bridge, err := netlink.LinkByName(bridgeLink)
	if err != nil {
		return ignoreMissing(err)
	}
	addresses, err := netlink.AddrList(bridge, unix.AF_INET)
	if err != nil {
		return fmt.Errorf("list the addresses of %s: %w", bridgeLink, err)
	}
	for _, address := range addresses {
		if ip, ok := netip.AddrFromSlice(address.IP.To4()); ok && subnet.Contains(ip) {
			continue
		}
		if err := netlink.AddrDel(bridge, &address); err != nil {
			return fmt.Errorf("take address %s off %s: %w", address.IPNet, bridgeLink, err)
		}
	}
	return nil
}

func settleRoutes(subnet netip.Prefix) error {
	link, err := netlink.LinkByName(flannelLink)
	if err != nil {
		return ignoreMissing(err)
	}
	routes, err := netlink.RouteList(link, unix.AF_INET)
	if err != nil {
		return fmt.Errorf("list the routes through %s: %w", flannelLink, err)
	}
	for _, route := range routes {
		if route.Dst == nil || route.Dst.String() != subnet.String() {
			continue
		}
		if err := netlink.RouteDel(&route); err != nil {
			return fmt.Errorf("remove the route to %s through %s: %w", route.Dst, flannelLink, err)
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	return err
}
