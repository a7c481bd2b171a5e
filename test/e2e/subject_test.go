package e2e

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// workers is the pool of a subject.
const workers = "work"

// subject is a cluster that faults happen to. Somebody writes into it all the
// time, and somebody compares what its conditions say with what can be seen.
type subject struct {
	*scene

	vc      *v1alpha1.VirtualCluster
	inner   *harness.Cluster
	web     web
	before  marks
	ledger  *harness.Ledger
	witness *harness.Witness
}

// subject makes a cluster with one worker and a workload.
func (s *scene) subject(name string, changes ...func(*v1alpha1.VirtualClusterSpec)) *subject {
	s.Helper()
	withPool := func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Pools = []v1alpha1.Pool{{Name: workers, Replicas: ptr.To[int32](1)}}
	}
	vc := s.create(name, append([]func(*v1alpha1.VirtualClusterSpec){withPool}, changes...)...)
	return s.subjectOf(vc)
}

// subjectOf begins to hold against a cluster what happens to it.
func (s *scene) subjectOf(vc *v1alpha1.VirtualCluster) *subject {
	s.Helper()
	vc = s.ready(vc)
	x := &subject{scene: s, vc: vc, inner: s.inside(vc)}
	x.web = web{cluster: x.inner, namespace: "default", name: "web", replicas: 1}
	s.deploy(x.web)
	x.before = s.mark(vc)
	var err error
	x.ledger, err = harness.OpenLedger(s.ctx, x.inner)
	s.must(err)
	s.Cleanup(x.ledger.Close)
	x.witness = s.witness(vc, x.inner)
	s.must(x.moreEntries(5))
	return x
}

// witness begins to compare what the conditions of a cluster say with what can be
// seen of it.
func (s *scene) witness(vc *v1alpha1.VirtualCluster, inner *harness.Cluster) *harness.Witness {
	s.Helper()
	w, err := s.host.Witness(s.ctx, vc, inner)
	s.must(err)
	s.Cleanup(func() { w.Close() })
	return w
}

// noLies wants a witness to have heard none.
func (s *scene) noLies(w *harness.Witness) {
	s.Helper()
	for _, lie := range w.Lies() {
		s.Errorf("a condition was not true: %s", lie)
	}
}

// on is the same subject for a subtest.
func (x *subject) on(s *scene) *subject {
	y := *x
	y.scene = s
	return &y
}

// recovered waits until the cluster is ready, and holds everything against it:
// it is the same cluster, nothing acknowledged is lost, its nodes are those that
// are wanted, its workload serves, and its conditions never lied.
func (x *subject) recovered() {
	x.Helper()
	x.checkSame(x.vc, x.before, x.web)
	x.checkNodes()
	x.must(x.moreEntries(1))
	if err := x.ledger.Check(x.within(stepTimeout)); err != nil {
		x.Error(err)
	}
	var vc v1alpha1.VirtualCluster
	x.must(x.host.Get(x.ctx, client.ObjectKeyFromObject(x.vc), &vc))
	if c := conditionOf(&vc, v1alpha1.ConditionStateKept); c.Status == metav1.ConditionFalse {
		x.Errorf("nothing was lost, but it is said to be: %s", c.Message)
	}
	x.noLies(x.witness)
}

// moreEntries waits until the cluster has acknowledged some more.
func (x *subject) moreEntries(n int) error {
	before, _ := x.ledger.Acknowledged()
	return x.host.Eventually(x.within(stepTimeout), func() error {
		now, err := x.ledger.Acknowledged()
		if now >= before+n {
			return nil
		}
		return fmt.Errorf("the cluster acknowledged %d more entries of %d: %w", now-before, n, orNone(err))
	})
}

var errNone = errors.New("no answer yet")

func orNone(err error) error {
	if err == nil {
		return errNone
	}
	return err
}

// serves wants the cluster to go on acknowledging what is written to it, for as
// long as given.
func (x *subject) serves(d time.Duration) {
	x.Helper()
	const pause = 15 * time.Second
	ctx := x.within(d)
	last, seen := -1, time.Now()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		n, err := x.ledger.Acknowledged()
		if n != last {
			last, seen = n, time.Now()
		}
		if time.Since(seen) > pause {
			x.Errorf("the cluster has acknowledged nothing for %s: %v", pause, orNone(err))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// checkNodes waits until the nodes inside are exactly those that are wanted,
// each of them Ready and at the address of its pod: none twice, none left over.
func (x *subject) checkNodes() {
	x.Helper()
	ctx := x.within(stepTimeout)
	err := x.inner.Eventually(ctx, func() error {
		want, err := x.wantedNodes(ctx)
		if err != nil {
			return err
		}
		var list corev1.NodeList
		if err := x.inner.List(ctx, &list); err != nil {
			return err
		}
		got := map[string]string{}
		for i := range list.Items {
			got[list.Items[i].Name] = describeNode(&list.Items[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("nodes inside: -want, +got:\n%s", diff)
		}
		return nil
	})
	if err != nil {
		x.Error(err)
	}
}

// wantedNodes are the nodes that the spec asks for, each as describeNode has it.
func (x *subject) wantedNodes(ctx context.Context) (map[string]string, error) {
	var vc v1alpha1.VirtualCluster
	if err := x.host.Get(ctx, client.ObjectKeyFromObject(x.vc), &vc); err != nil {
		return nil, err
	}
	want := map[string]string{}
	for _, g := range append(cluster.Pools(vc.Spec), cluster.Servers(vc.Spec)) {
		for i := range g.Replicas {
			var pod corev1.Pod
			name := fmt.Sprintf("%s-%d", cluster.GroupName(vc.Name, g.Name), i)
			if err := x.host.Get(ctx, client.ObjectKey{Namespace: vc.Namespace, Name: name}, &pod); err != nil {
				return nil, err
			}
			want[fmt.Sprintf("%s-%d", g.Name, i)] = pod.Status.PodIP + " Ready=True"
		}
	}
	return want, nil
}

func describeNode(n *corev1.Node) string {
	words := ""
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			words += a.Address
		}
	}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			words += " Ready=" + string(c.Status)
		}
	}
	return words
}
