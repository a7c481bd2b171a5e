//go:build linux

package bare

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
)

func defaultRoute(link int) (*netlink.Route, error) {
	via := net.ParseIP(gateway)
	_, everything, err := net.ParseCIDR("0.0.0.0/0")
	if err != nil {
		return nil, fmt.Errorf("default route: %w", err)
	}
	return &netlink.Route{LinkIndex: link, Gw: via, Dst: everything}, nil
}
