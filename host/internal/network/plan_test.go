package network

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func plan(subnet, pods, services string) Plan {
	parse := func(s string) netip.Prefix {
		if s == "" {
			return netip.Prefix{}
		}
		return netip.MustParsePrefix(s)
	}
	return Plan{Subnet: parse(subnet), PodCIDR: parse(pods), ServiceCIDR: parse(services)}
}

func TestChoose(t *testing.T) {
	cases := map[string]struct {
		reason string
		asked  Plan
		used   []string
		want   Plan
		err    string
	}{
		"Default": {
			reason: "On a machine that uses none of it the first choice is taken.",
			used:   []string{"192.0.2.0/24"},
			want:   plan("10.213.0.0/30", "10.214.0.0/16", "10.215.0.0/16"),
		},
		"NextOne": {
			reason: "One range in use moves all three, so that they stay together.",
			used:   []string{"10.215.7.0/24"},
			want:   plan("10.216.0.0/30", "10.217.0.0/16", "10.218.0.0/16"),
		},
		"VPN": {
			reason: "A VPN over all of 10.0.0.0/8 moves them into another private range.",
			used:   []string{"10.0.0.0/8"},
			want:   plan("172.21.0.0/30", "172.22.0.0/16", "172.23.0.0/16"),
		},
		"Asked": {
			reason: "What is asked for is taken, masked, and the rest avoids it.",
			asked:  plan("", "10.213.5.0/16", ""),
			want:   plan("10.216.0.0/30", "10.213.0.0/16", "10.218.0.0/16"),
		},
		"AskedInUse": {
			reason: "A range that is asked for and in use is refused by name.",
			asked:  plan("192.0.2.0/30", "", ""),
			used:   []string{"192.0.2.0/24"},
			err:    "192.0.2.0/30 overlaps 192.0.2.0/24",
		},
		"AskedOverlapping": {
			reason: "Ranges that are asked for must not overlap each other.",
			asked:  plan("", "10.1.0.0/16", "10.1.128.0/20"),
			err:    "must be disjoint",
		},
		"TooSmall": {
			reason: "A subnet for two ends needs two addresses.",
			asked:  plan("10.1.0.0/31", "", ""),
			err:    "too small",
		},
		"IPv6": {
			reason: "IPv6 is refused rather than half supported.",
			asked:  plan("", "fd00::/64", ""),
			err:    "not IPv4",
		},
		"Full": {
			reason: "With everything in use the error says what to do.",
			used:   []string{"0.0.0.0/1", "128.0.0.0/1"},
			err:    "name a free subnet",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var used []netip.Prefix
			for _, u := range tc.used {
				used = append(used, netip.MustParsePrefix(u))
			}
			got, err := Choose(tc.asked, used)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("\n%s\nChoose(...): want an error with %q, got %v", tc.reason, tc.err, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
				t.Errorf("\n%s\nChoose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPlanAddresses(t *testing.T) {
	p := plan("10.213.0.0/30", "", "")
	if got := p.MachineAddr().String(); got != "10.213.0.1" {
		t.Errorf("MachineAddr(): got %s", got)
	}
	if got := p.NodeAddr().String(); got != "10.213.0.2" {
		t.Errorf("NodeAddr(): got %s", got)
	}
}
