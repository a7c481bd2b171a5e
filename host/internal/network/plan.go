package network

import (
	"errors"
	"fmt"
	"net/netip"
)

// Plan is the addresses of one embedded host.
type Plan struct {
	// Subnet joins the machine and the node: a /30 or larger. The machine has
	// its first address, the node its second one.
	Subnet netip.Prefix `json:"subnet"`
	// PodCIDR and ServiceCIDR of the host's Kubernetes.
	PodCIDR     netip.Prefix `json:"podCIDR"`
	ServiceCIDR netip.Prefix `json:"serviceCIDR"`
}

// MachineAddr is the machine's end of the link.
func (p Plan) MachineAddr() netip.Addr { return p.Subnet.Masked().Addr().Next() }

// NodeAddr is the node's end of the link.
func (p Plan) NodeAddr() netip.Addr { return p.MachineAddr().Next() }

// Prefixes lists the plan's parts that are decided.
func (p Plan) Prefixes() []netip.Prefix {
	var list []netip.Prefix
	for _, prefix := range []netip.Prefix{p.Subnet, p.PodCIDR, p.ServiceCIDR} {
		if prefix.IsValid() {
			list = append(list, prefix)
		}
	}
	return list
}

// candidates are the plans to choose from, in the order of preference: three
// neighbouring /16 each, from different private ranges, so that a machine with
// a VPN that covers one of them finds another. None touches the ranges that
// virtual clusters take by default.
func candidates() []Plan {
	var plans []Plan
	for second := byte(213); second <= 228; second += 3 {
		plans = append(plans, planAt(10, second))
	}
	return append(plans, planAt(172, 21), planAt(172, 25), planAt(100, 101), planAt(198, 18))
}

func planAt(first, second byte) Plan {
	at := func(third byte, bits int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{first, third, 0, 0}), bits)
	}
	return Plan{Subnet: at(second, 30), PodCIDR: at(second+1, 16), ServiceCIDR: at(second+2, 16)}
}

// Choose completes a plan of which some parts may be asked for, such that no
// part overlaps another one or what the machine already uses.
func Choose(asked Plan, used []netip.Prefix) (Plan, error) {
	if err := asked.check(); err != nil {
		return Plan{}, err
	}
	if err := Conflict(asked, used); err != nil {
		return Plan{}, err
	}
	for _, candidate := range candidates() {
		plan := candidate.with(asked)
		if plan.disjoint() == nil && Conflict(plan, used) == nil {
			return plan, nil
		}
	}
	return Plan{}, errors.New(
		"every address range that was tried is in use on this machine: name a free subnet, pod CIDR and service CIDR")
}

// with replaces the parts of the plan that were asked for.
func (p Plan) with(asked Plan) Plan {
	if asked.Subnet.IsValid() {
		p.Subnet = asked.Subnet.Masked()
	}
	if asked.PodCIDR.IsValid() {
		p.PodCIDR = asked.PodCIDR.Masked()
	}
	if asked.ServiceCIDR.IsValid() {
		p.ServiceCIDR = asked.ServiceCIDR.Masked()
	}
	return p
}

// Conflict says which part of the plan overlaps what the machine uses.
func Conflict(p Plan, used []netip.Prefix) error {
	for _, part := range p.Prefixes() {
		for _, u := range used {
			if part.Overlaps(u) {
				return fmt.Errorf("range %s overlaps %s, which this machine already uses: choose another range, or remove that route", part, u)
			}
		}
	}
	return nil
}

// check refuses parts that cannot work, whatever the machine uses.
func (p Plan) check() error {
	for _, part := range p.Prefixes() {
		if !part.Addr().Is4() {
			return fmt.Errorf("range %s is not IPv4: the embedded host knows IPv4 only", part)
		}
	}
	if p.Subnet.IsValid() && p.Subnet.Bits() > 30 {
		return fmt.Errorf("subnet %s is too small: it must hold two addresses, so use a /30", p.Subnet)
	}
	return p.disjoint()
}

func (p Plan) disjoint() error {
	parts := p.Prefixes()
	for i, a := range parts {
		for _, b := range parts[i+1:] {
			if a.Overlaps(b) {
				return fmt.Errorf("ranges %s and %s overlap: subnet, pod CIDR and service CIDR must be disjoint", a, b)
			}
		}
	}
	return nil
}
