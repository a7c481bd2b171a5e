package spec

import (
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"
)

func TestFlagsCheck(t *testing.T) {
	cases := map[string]struct {
		reason string
		flags  Flags
		want   string
	}{
		"Nothing":       {reason: "Everything may be left out."},
		"Fine":          {reason: "What the CRD takes.", flags: Flags{Distro: "k3s", Runtimes: []string{"auto"}, Version: "1.36.3", Servers: ptr.To[int32](1), PodCIDR: "10.0.0.0/8", ServiceCIDR: "172.16.0.0/28"}},
		"Distro":        {reason: "There are two.", flags: Flags{Distro: "foo"}, want: `--distro "foo": want one of [k8s k3s]`},
		"Runtime":       {reason: "Those that exist.", flags: Flags{Runtimes: []string{"docker"}}, want: `--runtime "docker": want one of [auto userns sysbox kata gvisor]`},
		"Version":       {reason: "A minor version is none.", flags: Flags{Version: "1.36"}, want: `--k8s-version "1.36": want a full version`},
		"NoServer":      {reason: "Nothing would serve.", flags: Flags{Servers: ptr.To[int32](0)}, want: "--servers 0: want 1"},
		"Servers":       {reason: "Not yet.", flags: Flags{Servers: ptr.To[int32](3)}, want: "--pool NAME=N"},
		"PodWord":       {reason: "No range.", flags: Flags{PodCIDR: "x"}, want: `--pod-cidr "x": want an IPv4 network of /8 to /22`},
		"PodBits":       {reason: "Not its first address.", flags: Flags{PodCIDR: "10.244.1.0/16"}, want: "first address"},
		"PodSmall":      {reason: "No node fits.", flags: Flags{PodCIDR: "10.244.0.0/24"}, want: "/8 to /22"},
		"PodV6":         {reason: "Not yet.", flags: Flags{PodCIDR: "fd00::/22"}, want: "IPv4"},
		"PodLoopback":   {reason: "Reaches nobody.", flags: Flags{PodCIDR: "127.0.0.0/8"}, want: "reserved"},
		"PodReserved":   {reason: "Most networks drop it.", flags: Flags{PodCIDR: "240.0.0.0/8"}, want: "reserved"},
		"ServiceSmall":  {reason: "The tenth address is DNS.", flags: Flags{ServiceCIDR: "10.96.0.0/29"}, want: `--service-cidr "10.96.0.0/29": want an IPv4 network of /12 to /28`},
		"Overlap":       {reason: "They are told apart by address.", flags: Flags{PodCIDR: "10.0.0.0/8", ServiceCIDR: "10.96.0.0/16"}, want: "overlap"},
		"TTLShort":      {reason: "It would be gone before it has booted.", flags: Flags{TTL: 59 * time.Second}, want: "--ttl 59s: want whole seconds from 1m0s"},
		"TTLLong":       {reason: "A year at most.", flags: Flags{TTL: 9000 * time.Hour}, want: "--ttl 9000h0m0s"},
		"TTLPart":       {reason: "The API counts in seconds.", flags: Flags{TTL: 60500 * time.Millisecond}, want: "whole seconds"},
		"TTLBelowZero":  {reason: "Not before it was created.", flags: Flags{TTL: -time.Hour}, want: "--ttl -1h0m0s"},
		"PoolName":      {reason: "Part of a host name.", flags: Flags{Pools: []string{"A=1"}}, want: `--pool "A=1"`},
		"PoolServer":    {reason: "That is taken.", flags: Flags{Pools: []string{"server=1"}}, want: "what the servers are called"},
		"PoolTooMany":   {reason: "Bounded.", flags: Flags{Pools: []string{"a=1001"}}, want: "at most 1000"},
		"PoolBelowZero": {reason: "No number of nodes.", flags: Flags{Pools: []string{"a=-1"}}, want: "NAME=N"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := tc.flags.Apply(New())
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nApply() = %v, want %q", tc.reason, err, tc.want)
			}
		})
	}
}

func TestCheckName(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string
		fine   bool
	}{
		"Fine":    {"A DNS label.", "dev-1", true},
		"Longest": {"Its servers' name still fits.", strings.Repeat("a", 45), true},
		"Long":    {"They would not.", strings.Repeat("a", 46), false},
		"Case":    {"Lower case only.", "Bad_Name", false},
		"Digit":   {"Services start with a letter.", "1dev", false},
		"Dash":    {"Or end with one.", "dev-", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := CheckName(tc.name); (err == nil) != tc.fine {
				t.Errorf("%s\nCheckName(%q) = %v", tc.reason, tc.name, err)
			}
		})
	}
}
