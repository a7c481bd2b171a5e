//go:build linux

package network

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// Used lists the address ranges that the machine has routes or addresses for,
// beside those over the named link, and beside the default route.
func Used(link string) ([]netip.Prefix, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the machine's links: %w", err)
	}
	var used []netip.Prefix
	for _, l := range links {
		if l.Attrs().Name == link {
			continue
		}
		found, err := usedBy(l)
		if err != nil {
			return nil, fmt.Errorf("list the addresses of link %q: %w", l.Attrs().Name, err)
		}
		used = append(used, found...)
	}
	return used, nil
}

func usedBy(l netlink.Link) ([]netip.Prefix, error) {
	addrs, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	routes, err := netlink.RouteList(l, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	var used []netip.Prefix
	for _, a := range addrs {
		used = appendPrefix(used, a.IPNet.String())
	}
	for _, r := range routes {
		if r.Dst != nil {
			used = appendPrefix(used, r.Dst.String())
		}
	}
	return used, nil
}

// appendPrefix leaves out what is no prefix and the default route, which covers
// everything and conflicts with nothing.
func appendPrefix(list []netip.Prefix, text string) []netip.Prefix {
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Bits() == 0 {
		return list
	}
	return append(list, p.Masked())
}

// defaultRoute returns the index of the link that the machine's default route
// leaves by, or zero without one.
func defaultRoute() (int, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return 0, fmt.Errorf("list the machine's routes: %w", err)
	}
	for _, r := range routes {
		if r.Dst == nil || r.Dst.String() == "0.0.0.0/0" {
			if r.LinkIndex > 0 || len(r.MultiPath) == 0 {
				return r.LinkIndex, nil
			}
			return r.MultiPath[0].LinkIndex, nil
		}
	}
	return 0, nil
}

// HasDefaultRoute says whether the machine can reach more than its own links.
func HasDefaultRoute() (bool, error) {
	index, err := defaultRoute()
	return index > 0, err
}

// uplinkMTU is what a packet on its way out may measure: the node has to know,
// because not every network tells it.
func uplinkMTU() (int, error) {
	const standard = 1500
	index, err := defaultRoute()
	if err != nil || index == 0 {
		return standard, err
	}
	l, err := netlink.LinkByIndex(index)
	if err != nil {
		return 0, fmt.Errorf("find the link of the default route: %w", err)
	}
	return min(standard, l.Attrs().MTU), nil
}
