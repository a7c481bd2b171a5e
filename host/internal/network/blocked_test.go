//go:build linux

package network

import (
	"testing"

	"github.com/google/nftables"
)

func TestBlocks(t *testing.T) {
	drop, accept := nftables.ChainPolicyDrop, nftables.ChainPolicyAccept
	cases := map[string]struct {
		reason string
		chain  nftables.Chain
		want   bool
	}{
		"Drop":    {reason: "Docker's FORWARD chain drops by default.", chain: nftables.Chain{Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward, Policy: &drop}, want: true},
		"Accept":  {reason: "A chain that accepts by default is no obstacle.", chain: nftables.Chain{Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward, Policy: &accept}},
		"Input":   {reason: "What comes in is not forwarded.", chain: nftables.Chain{Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookInput, Policy: &drop}},
		"Regular": {reason: "A chain without a hook is only jumped to.", chain: nftables.Chain{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := blocks(&tc.chain); got != tc.want {
				t.Errorf("\n%s\nblocks(...): got %t", tc.reason, got)
			}
		})
	}
}
