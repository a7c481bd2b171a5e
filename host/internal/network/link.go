//go:build linux

package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// link makes the veth pair and gives both ends their addresses and routes.
func link(n Names, p Plan, ns netns.NsHandle) error {
	mtu, err := uplinkMTU()
	if err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = n.Link, mtu
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: NodeLink, PeerNamespace: netlink.NsFd(ns)}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make link %q: %w", n.Link, err)
	}
	if err := configureMachine(n, p); err != nil {
		return err
	}
	return configureNode(p, ns)
}

func configureMachine(n Names, p Plan) error {
	l, err := netlink.LinkByName(n.Link)
	if err != nil {
		return fmt.Errorf("find link %q: %w", n.Link, err)
	}
	if err := netlink.LinkSetAlias(l, linkAlias); err != nil {
		return fmt.Errorf("mark link %q: %w", n.Link, err)
	}
	if err := netlink.AddrAdd(l, address(p.MachineAddr(), p.Subnet)); err != nil {
		return fmt.Errorf("give link %q its address: %w", n.Link, err)
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("bring up link %q: %w", n.Link, err)
	}
	for _, dst := range []netip.Prefix{p.PodCIDR, p.ServiceCIDR} {
		if err := netlink.RouteAdd(route(l, dst, p.NodeAddr())); err != nil {
			return fmt.Errorf("route %s to the node: %w", dst, err)
		}
	}
	return nil
}

func configureNode(p Plan, ns netns.NsHandle) error {
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return fmt.Errorf("enter the network namespace: %w", err)
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the node's loopback link: %w", err)
	}
	l, err := h.LinkByName(NodeLink)
	if err != nil {
		return fmt.Errorf("find the node's link: %w", err)
	}
	return errors.Join(
		h.LinkSetUp(lo),
		h.AddrAdd(l, address(p.NodeAddr(), p.Subnet)),
		h.LinkSetUp(l),
		h.RouteAdd(route(l, netip.PrefixFrom(netip.IPv4Unspecified(), 0), p.MachineAddr())),
	)
}

func address(a netip.Addr, subnet netip.Prefix) *netlink.Addr {
	return &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(a, subnet.Bits()))}
}

func route(l netlink.Link, dst netip.Prefix, via netip.Addr) *netlink.Route {
	return &netlink.Route{LinkIndex: l.Attrs().Index, Dst: ipNet(dst), Gw: via.AsSlice()}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// unlink removes our end of the pair, and with it the other one and all routes
// over it. A link of that name that is not ours is left alone.
func unlink(name string) error {
	l, err := netlink.LinkByName(name)
	if _, missing := errors.AsType[netlink.LinkNotFoundError](err); missing {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find link %q: %w", name, err)
	}
	if !ours(l) {
		return nil
	}
	if err := netlink.LinkDel(l); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove link %q: %w", name, err)
	}
	return nil
}

// ours tells our link from somebody else's of the same name. A link that we
// were interrupted in making has no alias yet, and no address either.
func ours(l netlink.Link) bool {
	return l.Type() == "veth" && (l.Attrs().Alias == linkAlias || l.Attrs().Flags&net.FlagUp == 0)
}
