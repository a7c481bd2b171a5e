package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// podUnits are what a node needs for pods only.
var podUnits = []string{"containerd", "kubelet", "kube-proxy", "flanneld", "kube-router", "vcluster-images"}

// Servers that run the control plane alone are no nodes: their API serves without
// any, and a pool that comes later runs the pods.
func testControlPlaneOnly(t *testing.T) {
	s := begin(t, harness.Distro{})
	vc := s.ready(s.create("alone", func(spec *v1alpha1.VirtualClusterSpec) { spec.Servers.ControlPlaneOnly = ptr.To(true) }))
	if got := vc.Status.Resolved; got.Distro != v1alpha1.DistroK8s || !ptr.Deref(got.ControlPlaneOnly, false) {
		t.Errorf("what was chosen: %+v", got)
	}
	inner := s.inside(vc)
	s.checkNodes(inner, []string{})
	s.checkNoPodUnits(vc)
	s.must(s.change(vc, func(spec *v1alpha1.VirtualClusterSpec) { spec.Pools = []v1alpha1.Pool{{Name: "work"}} }))
	_, err := harness.Await(s.within(bootTimeout), s.host.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		return vc.Status.Nodes == 1, fmt.Sprintf("%d nodes are Ready, want 1:%s", vc.Status.Nodes, harness.Conditions(vc))
	})
	s.must(err)
	s.checkNodes(inner, []string{"work-0"})
	w := web{cluster: inner, namespace: "default", name: "web", replicas: 1, node: "work-0"}
	s.deploy(w)
	s.checkLookUp(w)
	s.checkLogs(w) // the API reaches the kubelet of the pool
}

func (s *scene) checkNodes(inner *harness.Cluster, want []string) {
	s.Helper()
	var nodes corev1.NodeList
	s.must(inner.List(s.ctx, &nodes))
	if diff := cmp.Diff(want, append([]string{}, harness.Names(&nodes)...)); diff != "" {
		s.Errorf("nodes inside: -want, +got:\n%s", diff)
	}
}

// checkNoPodUnits looks for what a control plane alone must not run.
func (s *scene) checkNoPodUnits(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	running := s.shell(vc, "systemctl is-active "+strings.Join(podUnits, " ")+" || true")
	for i, state := range strings.Fields(running) {
		if state != "inactive" {
			s.Errorf("unit %s of a control plane alone is %s", podUnits[i], state)
		}
	}
	if state := s.shell(vc, "systemctl is-active etcd kube-apiserver kube-controller-manager kube-scheduler | sort -u"); state != "active" {
		s.Errorf("units of the control plane: %s", state)
	}
}
