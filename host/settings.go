//go:build linux

package host

import (
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/vclusterctl/vclusterctl/host/internal/network"
)

// ensureSettings reads what was chosen for the host, or chooses it. A choice is
// for life: the host's Kubernetes keeps addresses from these ranges.
func ensureSettings(o Options, n names) (settings, error) {
	used, err := network.Used(n.network.Link)
	if err != nil {
		return settings{}, err
	}
	var s settings
	if err := readJSON(n.settings, &s); err != nil {
		return settings{}, err
	}
	if s.Plan.Subnet.IsValid() {
		return s, checkSettings(o, s, used)
	}
	others, err := plansOfOthers(o)
	if err != nil {
		return settings{}, err
	}
	used = append(used, others...)
	asked := network.Plan{Subnet: o.Subnet, PodCIDR: o.PodCIDR, ServiceCIDR: o.ServiceCIDR}
	if s.Plan, err = network.Choose(asked, used); err != nil {
		return settings{}, fmt.Errorf("choose the host's addresses: %w", err)
	}
	return s, writeJSON(n.settings, s)
}

// checkSettings refuses another choice than the one that was made, and the one
// that was made where the machine has come to use it otherwise.
func checkSettings(o Options, s settings, used []netip.Prefix) error {
	for _, c := range []struct {
		what        string
		asked, kept netip.Prefix
	}{
		{"subnet", o.Subnet, s.Plan.Subnet},
		{"pod CIDR", o.PodCIDR, s.Plan.PodCIDR},
		{"service CIDR", o.ServiceCIDR, s.Plan.ServiceCIDR},
	} {
		if c.asked.IsValid() && c.asked.Masked() != c.kept {
			return fmt.Errorf("the host has %s %s, and cannot change to %s: begin anew with \"vclusterctl host down --purge\"", c.what, c.kept, c.asked.Masked())
		}
	}
	if err := network.Conflict(s.Plan, used); err != nil {
		return fmt.Errorf("the host's addresses: %w; or begin anew with \"vclusterctl host down --purge\"", err)
	}
	return nil
}

// plansOfOthers lists the ranges of the other hosts on this machine: one that is
// down now has no routes to show, and will want them back.
func plansOfOthers(o Options) ([]netip.Prefix, error) {
	files, err := filepath.Glob(filepath.Join(o.StateRoot, "*", settingsFile))
	if err != nil {
		return nil, fmt.Errorf("look for other hosts: %w", err)
	}
	var ranges []netip.Prefix
	for _, file := range files {
		var s settings
		if err := readJSON(file, &s); err != nil {
			return nil, fmt.Errorf("look for other hosts: %w", err)
		}
		ranges = append(ranges, s.Plan.Prefixes()...)
	}
	return ranges, nil
}
