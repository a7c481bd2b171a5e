//go:build linux

package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// firewall makes our table. It keeps the node for this machine alone: nothing
// is forwarded to it but answers. With a default route it also translates what
// the node sends out.
func firewall(n Names, p Plan, outbound bool) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("open nftables: %w", err)
	}
	table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: n.Table})
	addForward(c, table, n.Link)
	if outbound {
		addMasquerade(c, table, n.Link, []netip.Prefix{p.Subnet, p.PodCIDR})
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("make nftables table %q: %w", n.Table, err)
	}
	return nil
}

func addForward(c *nftables.Conn, table *nftables.Table, link string) {
	chain := c.AddChain(&nftables.Chain{
		Name: "forward", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	answers := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	none := binaryutil.NativeEndian.PutUint32(0)
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(
		matchLink(expr.MetaKeyOIFNAME, expr.CmpOpEq, link),
		&expr.Ct{Register: 1, Key: expr.CtKeySTATE},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: answers, Xor: none},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: none},
		&expr.Verdict{Kind: expr.VerdictDrop},
	)})
}

func addMasquerade(c *nftables.Conn, table *nftables.Table, link string, sources []netip.Prefix) {
	chain := c.AddChain(&nftables.Chain{
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	for _, source := range sources {
		exprs := append(matchSource(source), matchLink(expr.MetaKeyOIFNAME, expr.CmpOpNeq, link)...)
		c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(exprs, &expr.Masq{})})
	}
}

func matchLink(key expr.MetaKey, op expr.CmpOp, name string) []expr.Any {
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	return []expr.Any{
		&expr.Meta{Key: key, Register: 1},
		&expr.Cmp{Op: op, Register: 1, Data: data},
	}
}

// matchSource matches the source address of an IPv4 header.
func matchSource(p netip.Prefix) []expr.Any {
	const sourceOffset, length = 12, 4
	n := ipNet(p)
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: sourceOffset, Len: length},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: length, Mask: n.Mask, Xor: make([]byte, length)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: p.Masked().Addr().AsSlice()},
	}
}

// removeFirewall removes our table, and nothing else.
func removeFirewall(n Names) error {
	found, err := hasTable(n.Table)
	if err != nil || !found {
		return err
	}
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("open nftables: %w", err)
	}
	c.DelTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: n.Table})
	if err := c.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove nftables table %q: %w", n.Table, err)
	}
	return nil
}

func hasTable(name string) (bool, error) {
	c, err := nftables.New()
	if err != nil {
		return false, fmt.Errorf("open nftables: %w", err)
	}
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return false, fmt.Errorf("list nftables tables: %w", err)
	}
	for _, t := range tables {
		if t.Name == name {
			return true, nil
		}
	}
	return false, nil
}
