package e2e

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A cluster with a pool has its node, and pods on both reach each other by name.
func testPools(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	vc := s.ready(s.create("pooled", func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Pools = []v1alpha1.Pool{{Name: "work", Replicas: ptr.To[int32](1), Labels: map[string]v1alpha1.LabelValue{"tier": "work"}}}
	}))
	inner := s.inside(vc)
	s.checkPoolNode(inner)
	s.checkPoolStatus(vc)
	onPool := web{cluster: inner, namespace: "default", name: "far", replicas: 1, node: "work-0"}
	onServer := web{cluster: inner, namespace: "default", name: "near", replicas: 1, node: "server-0"}
	s.deploy(onPool)
	s.deploy(onServer)
	s.checkAcross(onServer, onPool)
	s.checkAcross(onPool, onServer)
}

// checkPoolStatus waits until the pool is counted. Its node can be Ready inside
// before the host's kubelet has looked at the pod.
func (s *scene) checkPoolStatus(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	_, err := harness.Await(s.within(stepTimeout), s.host.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		p := vc.Status.Pools
		return len(p) == 1 && p[0].Name == "work" && p[0].ReadyReplicas == 1 && vc.Status.Nodes == 2,
			fmt.Sprintf("got %+v and %d nodes, want 1 ready in \"work\" and 2", p, vc.Status.Nodes)
	})
	s.must(err)
}

func (s *scene) checkPoolNode(inner *harness.Cluster) {
	s.Helper()
	var nodes corev1.NodeList
	s.must(inner.List(s.ctx, &nodes))
	if diff := cmp.Diff([]string{"server-0", "work-0"}, harness.Names(&nodes)); diff != "" {
		s.Fatalf("nodes inside: -want, +got:\n%s", diff)
	}
	if got := nodes.Items[1].Labels["tier"]; got != "work" {
		s.Errorf("label of the pool on its node: got %q, want work", got)
	}
}

// checkAcross asks the Service of one from a pod of the other.
func (s *scene) checkAcross(from, to web) {
	s.Helper()
	clients, err := from.pods(s.ctx)
	s.must(err)
	servers, err := to.pods(s.ctx)
	s.must(err)
	if err := s.askUntil(to, clients[0], servers); err != nil {
		s.Errorf("from a pod on %s to one on %s: %v", from.node, to.node, err)
	}
}
