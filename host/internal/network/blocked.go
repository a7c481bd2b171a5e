//go:build linux

package network

import (
	"fmt"

	"github.com/google/nftables"
)

// ForwardingBlockers lists chains of others that drop forwarded packets unless
// a rule of theirs says otherwise. No rule of ours can overrule them.
func ForwardingBlockers() ([]string, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, fmt.Errorf("open nftables: %w", err)
	}
	var found []string
	for _, family := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyINet} {
		chains, err := c.ListChainsOfTableFamily(family)
		if err != nil {
			return nil, fmt.Errorf("list nftables chains: %w", err)
		}
		for _, chain := range chains {
			if blocks(chain) {
				found = append(found, chain.Table.Name+" "+chain.Name)
			}
		}
	}
	return found, nil
}

// blocks tells a chain that drops forwarded packets by default.
func blocks(c *nftables.Chain) bool {
	return c.Hooknum != nil && *c.Hooknum == *nftables.ChainHookForward && c.Type == nftables.ChainTypeFilter &&
		c.Policy != nil && *c.Policy == nftables.ChainPolicyDrop
}
