package e2e

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// testFaults lets each fault happen to one cluster, one after the other.
func testFaults(faults []fault) func(*testing.T, harness.Distro) {
	return func(t *testing.T, d harness.Distro) {
		s := begin(t, d)
		x := s.subject("victim")
		for i, f := range faults {
			if !t.Run(f.name, func(t *testing.T) { x.on(s.in(t)).round(f) }) {
				t.Fatalf("%d more faults were not tried on a cluster that is not whole", len(faults)-i-1)
			}
		}
	}
}

// round lets one fault happen to a cluster that is well.
func (x *subject) round(f fault) {
	x.Helper()
	x.ready(x.vc)
	f.happen(x)
	x.recovered()
}

// testEphemeral: a cluster without a volume loses its data with its pod. It says
// so, the kubeconfig that its users have works on the fresh one, and the node of
// its pool, which nobody has restarted, takes pods there.
func testEphemeral(t *testing.T, d harness.Distro) { begin(t, d).ephemeral() }

func (s *scene) ephemeral() *v1alpha1.VirtualCluster {
	s.Helper()
	vc := s.ready(s.create("brief", func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Servers.Storage.Ephemeral = ptr.To(true)
		spec.Pools = []v1alpha1.Pool{{Name: "work", Replicas: ptr.To[int32](1)}}
	}))
	inner, before := s.inside(vc), s.mark(vc)
	w := s.witness(vc, inner)
	s.deployAcross(inner, "before")
	pod := s.pod(vc)
	s.must(s.host.Delete(s.ctx, pod))
	s.await(pod, podReplaced(pod))
	vc = s.ready(vc)
	after := s.mark(vc)
	if after.system == before.system {
		s.Error("nothing was lost: this proves nothing")
	}
	if string(after.kubeconfig) != string(before.kubeconfig) {
		s.Error("the kubeconfig has changed")
	}
	s.must(s.ask(inner.Config))
	vc = s.condition(vc, v1alpha1.ConditionStateKept, metav1.ConditionFalse, v1alpha1.ReasonStateLost, "ephemeral")
	s.awaitEvent(vc, v1alpha1.ReasonStateLost)
	s.deployAcross(inner, "after")
	s.loseNode(vc, inner)
	s.deployAcross(inner, "again")
	w.Close()
	s.noLies(w)
	return vc
}

// deployAcross runs a pod on the node of the pool and one on the server, and has
// each reach the other through a Service.
func (s *scene) deployAcross(inner *harness.Cluster, name string) {
	s.Helper()
	near := web{cluster: inner, namespace: "default", name: name + "-near", replicas: 1, node: "server-0"}
	far := web{cluster: inner, namespace: "default", name: name + "-far", replicas: 1, node: "work-0"}
	s.deploy(near)
	s.deploy(far)
	s.checkAcross(near, far)
	s.checkAcross(far, near)
}

// loseNode deletes the pool's node inside, and waits until it has registered
// again. It gets another part of the pod range then.
func (s *scene) loseNode(vc *v1alpha1.VirtualCluster, inner *harness.Cluster) {
	s.Helper()
	node := &corev1.Node{}
	s.must(inner.Get(s.ctx, client.ObjectKey{Name: "work-0"}, node))
	lost := node.UID
	s.must(inner.Delete(s.ctx, node))
	_, err := harness.Await(s.within(bootTimeout), inner, node, func(n *corev1.Node) (bool, string) {
		return n.UID != lost && n.Spec.PodCIDR != "", fmt.Sprintf("UID %s, was %s; subnet %q", n.UID, lost, n.Spec.PodCIDR)
	})
	s.must(err)
	s.ready(vc)
}

// awaitEvent waits for an event about a cluster.
func (s *scene) awaitEvent(vc *v1alpha1.VirtualCluster, reason string) {
	s.Helper()
	ctx := s.within(stepTimeout)
	s.must(s.host.Eventually(ctx, func() error {
		var events corev1.EventList
		err := s.host.List(ctx, &events, client.InNamespace(vc.Namespace),
			client.MatchingFields{"involvedObject.uid": string(vc.UID), "reason": reason})
		if err == nil && len(events.Items) == 0 {
			err = fmt.Errorf("there is no event %q about %q", reason, vc.Name)
		}
		return err
	}))
}

func conditionOf(vc *v1alpha1.VirtualCluster, name string) metav1.Condition {
	return ptr.Deref(meta.FindStatusCondition(vc.Status.Conditions, name), metav1.Condition{})
}

func containsAll(words string, wanted ...string) bool {
	for _, w := range wanted {
		if !strings.Contains(words, w) {
			return false
		}
	}
	return true
}

func podReplaced(old *corev1.Pod) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool { return p.UID != old.UID && ready(p) }
}

// testClockJump is left out: the clock of the machine is everybody's.
func testClockJump(t *testing.T, _ harness.Distro) {
	t.Skip("the clock belongs to the whole machine: make test-vm lets it jump in a machine of its own")
}
