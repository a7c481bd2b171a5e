package prepare

import (
	"fmt"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// distro is what preparing a node means for one distro.
type distro interface {
	// inputs adds what only this distro's files depend on.
	inputs(in *node.Inputs) error
	// place readies the state volume, with the identity on a server, before
	// anything else is written.
	place(in node.Inputs) error
	// credentials makes what the components of a server prove themselves with.
	credentials(in node.Inputs) error
}

var distros = map[string]distro{
	guestapi.DistroK8s: newUpstream(),
	guestapi.DistroK3s: newK3s(),
}

func distroOf(config guestapi.NodeConfig) (distro, error) {
	found, ok := distros[config.Distro]
	if !ok {
		return nil, &Stop{Reason: "InvalidNodeConfig", Err: fmt.Errorf("distro: %q is not known to this node image", config.Distro)}
	}
	return found, nil
}
