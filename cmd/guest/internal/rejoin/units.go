package rejoin

import "github.com/vclusterctl/vclusterctl/templates/guestapi"

// Units are what to restart.
type Units struct {
	// Register is the unit with the kubelet.
	Register string
	// Network are those of the pod network, and all others that watch the API:
	// a watch that was begun with another datastore would stay silent.
	Network []string
}

// UnitsOf are those of one node. In K3s one unit is everything.
func UnitsOf(config guestapi.NodeConfig) Units {
	switch {
	case config.Distro != guestapi.DistroK3s:
		return Units{Register: "kubelet.service", Network: []string{"flanneld.service", "kube-proxy.service", "kube-router.service"}}
	case config.Role == guestapi.RoleServer:
		return Units{Register: "k3s.service"}
	default:
		return Units{Register: "k3s-agent.service"}
	}
}

// of are the units to restart after a finding, in this order.
func (u Units) of(found Finding) []string {
	if found == Unrouted && len(u.Network) > 0 {
		return u.Network
	}
	return append([]string{u.Register}, u.Network...)
}
