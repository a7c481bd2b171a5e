package cluster

import (
	"net/netip"
	"slices"
	"testing"
)

// TestClosedNodes: kubelets and node ports are closed, whatever the size of the
// host, as long as a policy can list them.
func TestClosedNodes(t *testing.T) {
	addresses := func(n int) []netip.Addr {
		out := make([]netip.Addr, 0, n)
		for i := range n {
			out = append(out, netip.AddrFrom4([4]byte{192, 0, byte(i / 256), byte(i % 256)}))
		}
		return out
	}
	cases := map[string]struct {
		reason string
		nodes  int
		want   bool
	}{
		"One":     {"A single node is no exception.", 1, true},
		"AtLimit": {"The limit itself is fine.", MaxClosedNodes, true},
		"TooMany": {"Half of them would be worse than none: it would look closed.", MaxClosedNodes + 1, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			host := HostNetwork{NodeAddresses: addresses(tc.nodes)}
			got := closed(host, worldV4)
			if slices.Contains(got, "192.0.0.0/32") != tc.want || host.ClosesNodes() != tc.want {
				t.Errorf("%s\nclosed() = %v", tc.reason, got)
			}
			if !slices.Contains(got, "169.254.0.0/16") {
				t.Errorf("%s\nlink-local addresses are open", tc.reason)
			}
		})
	}
}
