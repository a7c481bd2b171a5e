package virtualcluster

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

func prefixes(in ...string) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(in))
	for _, s := range in {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestChooseCIDRs(t *testing.T) {
	type want struct {
		pods, services, reason string
		words                  []string
	}
	cases := map[string]struct {
		reason string
		asked  v1alpha1.Network
		host   cluster.HostNetwork
		want   want
	}{
		"Open":           {reason: "What people know from kubeadm.", want: want{pods: "10.244.0.0/16", services: "10.96.0.0/16"}},
		"HostHasThem":    {reason: "A host made by kubeadm uses them already.", host: cluster.HostNetwork{PodCIDRs: prefixes("10.244.0.0/16"), ServiceCIDRs: prefixes("10.96.0.0/12")}, want: want{pods: "10.245.0.0/16", services: "10.112.0.0/16"}},
		"APIInTheWay":    {reason: "The host's API must stay reachable for the nodes.", host: cluster.HostNetwork{APIEndpoints: []netip.Addr{netip.MustParseAddr("10.244.1.1")}}, want: want{pods: "10.245.0.0/16", services: "10.96.0.0/16"}},
		"NodeInTheWay":   {reason: "So must its nodes.", host: cluster.HostNetwork{NodeAddresses: []netip.Addr{netip.MustParseAddr("10.244.1.1"), netip.MustParseAddr("10.96.0.9")}}, want: want{pods: "10.245.0.0/16", services: "10.97.0.0/16"}},
		"AskedForNode":   {reason: "The node's address is named.", asked: v1alpha1.Network{PodCIDR: "192.0.0.0/16"}, host: cluster.HostNetwork{NodeAddresses: []netip.Addr{netip.MustParseAddr("192.0.2.10")}}, want: want{reason: v1alpha1.ReasonCIDRConflict, words: []string{"spec.network.podCIDR 192.0.0.0/16", "192.0.2.10/32", "node of the host"}}},
		"Asked":          {reason: "What is free can be had.", asked: v1alpha1.Network{PodCIDR: "10.1.0.0/16", ServiceCIDR: "10.2.0.0/20"}, want: want{pods: "10.1.0.0/16", services: "10.2.0.0/20"}},
		"AskedServices":  {reason: "The pod range gives way to it.", asked: v1alpha1.Network{ServiceCIDR: "10.244.0.0/20"}, want: want{pods: "10.245.0.0/16", services: "10.244.0.0/20"}},
		"OverlapsHost":   {reason: "Both ranges are named.", asked: v1alpha1.Network{PodCIDR: "10.9.0.0/16"}, host: cluster.HostNetwork{PodCIDRs: prefixes("10.8.0.0/15")}, want: want{reason: v1alpha1.ReasonCIDRConflict, words: []string{"spec.network.podCIDR 10.9.0.0/16", "10.8.0.0/15"}}},
		"OverlapsItself": {reason: "So are they when both are the user's.", asked: v1alpha1.Network{PodCIDR: "10.1.0.0/16", ServiceCIDR: "10.1.2.0/24"}, want: want{reason: v1alpha1.ReasonCIDRConflict, words: []string{"10.1.0.0/16", "10.1.2.0/24"}}},
		"NoRange":        {reason: "What the CRD lets through of old objects is refused here.", asked: v1alpha1.Network{PodCIDR: "10.1.2.3/16"}, want: want{reason: v1alpha1.ReasonInvalidSpec, words: []string{"spec.network.podCIDR", "10.1.2.3/16"}}},
		"HostTakesAll":   {reason: "Then the user has to say.", host: cluster.HostNetwork{PodCIDRs: prefixes("0.0.0.0/0")}, want: want{reason: v1alpha1.ReasonCIDRConflict, words: []string{"spec.network.podCIDR"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pods, services, err := chooseCIDRs(tc.asked, tc.host)
			if got := reasonOf(err); pods != tc.want.pods || services != tc.want.services || got != tc.want.reason {
				t.Errorf("%s\nchooseCIDRs() = %q, %q, %v, want %+v", tc.reason, pods, services, err, tc.want)
			}
			for _, word := range tc.want.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s\nthe message does not say %q: %v", tc.reason, word, err)
				}
			}
		})
	}
}

func reasonOf(err error) string {
	if s, ok := err.(*stop); ok { //nolint:errorlint // steps return it as it is
		return s.reason
	}
	return ""
}

func TestMerge(t *testing.T) {
	cases := map[string]struct{ in, want []netip.Prefix }{
		"None":      {},
		"Halves":    {prefixes("10.0.1.0/24", "10.0.0.0/24"), prefixes("10.0.0.0/23")},
		"Quarters":  {prefixes("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"), prefixes("10.0.0.0/22")},
		"NoHalves":  {prefixes("10.0.1.0/24", "10.0.2.0/24"), prefixes("10.0.1.0/24", "10.0.2.0/24")},
		"Contained": {prefixes("10.0.0.0/16", "10.0.5.0/24", "10.0.0.0/16"), prefixes("10.0.0.0/16")},
		"Families":  {prefixes("fd00::/64", "10.0.0.0/24"), prefixes("10.0.0.0/24", "fd00::/64")},
		"All":       {prefixes("0.0.0.0/0", "10.0.0.0/8"), prefixes("0.0.0.0/0")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := merge(tc.in)
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestHostNodeAddresses: only what is an internal address counts, once and in
// order.
func TestHostNodeAddresses(t *testing.T) {
	node := func(addresses ...corev1.NodeAddress) corev1.Node {
		return corev1.Node{Status: corev1.NodeStatus{Addresses: addresses}}
	}
	internal := func(a string) corev1.NodeAddress {
		return corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: a}
	}
	host, err := hostNetwork(nil, []corev1.Node{
		node(internal("192.0.2.11"), corev1.NodeAddress{Type: corev1.NodeHostName, Address: "b"}),
		node(internal("192.0.2.10"), internal("2001:db8::10"), corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "198.51.100.1"}),
		node(internal("192.0.2.10"), internal("not an address")),
	}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Addr{netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("2001:db8::10")}
	if !slices.Equal(host.NodeAddresses, want) {
		t.Errorf("the addresses are %v, want %v", host.NodeAddresses, want)
	}
}
