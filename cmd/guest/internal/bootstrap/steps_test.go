package bootstrap

import (
	"slices"
	"testing"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestStepsOf: a control plane alone has no node to label, and all else.
func TestStepsOf(t *testing.T) {
	of := func(alone bool) []string {
		var names []string
		for _, s := range stepsOf(prepare.Outcome{Config: guestapi.NodeConfig{Distro: guestapi.DistroK8s, ControlPlaneOnly: alone}}) {
			names = append(names, s.name)
		}
		return names
	}
	node, alone := of(false), of(true)
	if !slices.Contains(node, labelServer) || slices.Contains(alone, labelServer) || len(alone) != len(node)-1 {
		t.Errorf("steps of a node: %q, and of a control plane alone: %q", node, alone)
	}
}
