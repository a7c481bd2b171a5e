package e2e

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// paused stops the cluster and starts it again. No node is left meanwhile, and
// every volume is.
func (x *subject) paused() {
	x.Helper()
	before := x.volumes()
	x.must(x.change(func(spec *v1alpha1.VirtualClusterSpec) { spec.Lifecycle.Paused = ptr.To(true) }))
	vc := x.condition(x.vc, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPaused)
	if c := conditionOf(vc, v1alpha1.ConditionStalled); c.Reason != v1alpha1.ReasonPaused {
		x.Errorf("Stalled is %s/%s: whoever waits for the cluster waits for ever", c.Status, c.Reason)
	}
	var pods corev1.PodList
	x.must(x.host.List(x.ctx, &pods, client.InNamespace(x.vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: x.vc.Name}))
	if len(pods.Items) > 0 {
		x.Errorf("the cluster is said to be paused, and there are the pods %v", harness.Names(&pods))
	}
	if diff := cmp.Diff(before, x.volumes()); diff != "" {
		x.Errorf("volumes of the paused cluster: -before, +now:\n%s", diff)
	}
	x.must(x.change(func(spec *v1alpha1.VirtualClusterSpec) { spec.Lifecycle.Paused = nil }))
	x.ready(x.vc)
	if diff := cmp.Diff(before, x.volumes()); diff != "" {
		x.Errorf("volumes of the resumed cluster: -before, +now:\n%s", diff)
	}
}

// volumes are the claims of the cluster's nodes, each with its UID.
func (x *subject) volumes() map[string]types.UID {
	x.Helper()
	var claims corev1.PersistentVolumeClaimList
	x.must(x.host.List(x.ctx, &claims, client.InNamespace(x.vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: x.vc.Name}))
	if len(claims.Items) < 2 {
		x.Fatalf("there are %d volumes, want those of a server and a worker", len(claims.Items))
	}
	out := map[string]types.UID{}
	for _, c := range claims.Items {
		out[c.Name] = c.UID
	}
	return out
}

// A cluster with an end is announced to end, and then gone with all of it, never
// before its time.
func testExpiry(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	vc := s.create("mayfly", missingImage, func(spec *v1alpha1.VirtualClusterSpec) { spec.Lifecycle.TTLSeconds = v1alpha1.MinTTLSeconds })
	end := vc.CreationTimestamp.Add(v1alpha1.MinTTLSeconds * time.Second)
	s.awaitEvent(vc, v1alpha1.ReasonExpiring)
	ctx := s.within(v1alpha1.MinTTLSeconds*time.Second + stepTimeout)
	s.must(harness.AwaitGone(ctx, s.host.Cluster, vc))
	if early := time.Until(end); early > 0 {
		t.Errorf("the cluster was deleted %s before its time", early)
	}
	s.awaitEvent(vc, v1alpha1.ReasonExpired)
	if err := s.host.AwaitNothing(ctx, vc.Namespace, vc.Name); err != nil {
		left, _ := s.host.Inventory(s.within(stepTimeout), vc.Namespace, vc.Name)
		t.Errorf("left behind: %s: %v", harness.Describe(left), err)
	}
}
