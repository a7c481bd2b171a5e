package virtualcluster

import (
	"fmt"
	"net/netip"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// podCandidates and serviceCandidates are tried in order. They start with what
// people know from kubeadm.
var (
	podCandidates     = append(slash16(10, 244, 255), slash16(10, 128, 243)...)
	serviceCandidates = append(slash16(10, 96, 127), slash16(172, 16, 31)...)
)

func slash16(first, from, to byte) []netip.Prefix {
	var out []netip.Prefix
	for b := int(from); b <= int(to); b++ {
		out = append(out, netip.PrefixFrom(netip.AddrFrom4([4]byte{first, byte(b)}), 16))
	}
	return out
}

// taken is a range that a cluster must not use.
type taken struct {
	prefix netip.Prefix
	what   string
}

// chooseCIDRs returns the ranges of a new cluster: the ones asked for where
// they are free, otherwise the first free candidates.
func chooseCIDRs(asked v1alpha1.Network, host cluster.HostNetwork) (pods, services string, err error) {
	used := takenByHost(host)
	p, err := chooseCIDR("spec.network.podCIDR", asked.PodCIDR, podCandidates, withAsked(used, "spec.network.serviceCIDR", asked.ServiceCIDR))
	if err != nil {
		return "", "", err
	}
	s, err := chooseCIDR("spec.network.serviceCIDR", asked.ServiceCIDR, serviceCandidates, append(used, taken{p, "the pod range of this cluster"}))
	if err != nil {
		return "", "", err
	}
	return p.String(), s.String(), nil
}

func takenByHost(host cluster.HostNetwork) []taken {
	var out []taken
	for _, p := range host.PodCIDRs {
		out = append(out, taken{p, "the pod range of the host"})
	}
	for _, p := range host.ServiceCIDRs {
		out = append(out, taken{p, "the Service range of the host"})
	}
	for _, a := range host.APIEndpoints {
		out = append(out, taken{netip.PrefixFrom(a, a.BitLen()), "the address of the host's API server"})
	}
	for _, a := range host.NodeAddresses {
		out = append(out, taken{netip.PrefixFrom(a, a.BitLen()), "the address of a node of the host"})
	}
	return out
}

// withAsked keeps a chosen range off one that the user asked for elsewhere. An
// invalid one is reported where it is chosen.
func withAsked(used []taken, what, cidr string) []taken {
	out := append([]taken(nil), used...)
	if p, err := netip.ParsePrefix(cidr); err == nil {
		out = append(out, taken{p.Masked(), what})
	}
	return out
}

func chooseCIDR(field, asked string, candidates []netip.Prefix, used []taken) (netip.Prefix, error) {
	if asked != "" {
		return checkCIDR(field, asked, used)
	}
	for _, c := range candidates {
		if overlapping(c, used) == nil {
			return c, nil
		}
	}
	return netip.Prefix{}, stall(v1alpha1.ConditionReady, v1alpha1.ReasonCIDRConflict,
		"no free range was found for %s beside those of the host; set it to a range of your own", field)
}

func checkCIDR(field, asked string, used []taken) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(asked)
	if err != nil || p != p.Masked() {
		return netip.Prefix{}, stall(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidSpec,
			"%s %q is not a range like 10.244.0.0/16", field, asked)
	}
	if t := overlapping(p, used); t != nil {
		return netip.Prefix{}, stall(v1alpha1.ConditionReady, v1alpha1.ReasonCIDRConflict,
			"%s %s overlaps %s, %s; choose another range, or leave it out", field, p, t.what, t.prefix)
	}
	return p, nil
}

func overlapping(p netip.Prefix, used []taken) *taken {
	for _, t := range used {
		if t.prefix.Overlaps(p) {
			return &t
		}
	}
	return nil
}

// parsePrefixes reads ranges that somebody else wrote, and says which are none.
func parsePrefixes(what string, in []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(in))
	for _, s := range in {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
