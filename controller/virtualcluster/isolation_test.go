package virtualcluster

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// TestOpenNodes: a policy that cannot list the host's nodes is said to have a
// gap.
func TestOpenNodes(t *testing.T) {
	for nodes, want := range map[int]bool{cluster.MaxClosedNodes: false, cluster.MaxClosedNodes + 1: true} {
		s := aScope(aPod(confined)).says("boot-1")
		s.host.NodeAddresses = make([]netip.Addr, nodes)
		if err := prove(s); err != nil {
			t.Fatal(err)
		}
		c := s.want(t, v1alpha1.ConditionIsolated, yes, v1alpha1.ReasonProven)
		if got := strings.Contains(c.Message, "more than 200 nodes"); got != want {
			t.Errorf("with %d nodes the message is: %s", nodes, c.Message)
		}
	}
}
