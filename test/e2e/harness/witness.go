package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/truth"
)

const (
	// patience is for how long conditions may lag behind the world, on a
	// machine that is busy: news travels over probes and a controller that may
	// just be starting.
	patience = 45 * time.Second
	// podPatience is that for what the host's own pods say: it takes no probe, and
	// a watch tells the controller at once, if one leads. So it is what a controller
	// needs that starts meanwhile: the Lease that a killed one leaves behind, and
	// ten seconds to take it and to look. It has to stay below the 40 s for which the cluster
	// inside goes on taking a node that is gone for Ready (the default of
	// --node-monitor-grace-period, 50 s in newer releases): who waits for longer
	// sees nothing of that.
	podPatience = leaseTime + 10*time.Second
	// lookTimeout bounds one look at the world.
	lookTimeout = 3 * time.Second
	lookPeriod  = time.Second
)

var namespaces = schema.GroupVersionKind{Version: "v1", Kind: "NamespaceList"}

// Witness holds what the conditions of a virtual cluster say against what can
// be seen of it, for as long as it looks.
type Witness struct {
	host  *Host
	inner *Cluster
	vc    *v1alpha1.VirtualCluster
	// leader gives the controller that leads, or an error.
	leader func(context.Context) (*corev1.Pod, error)
	// connect makes the clients of who has a kubeconfig, and user is who has the
	// one in the Secret.
	connect func([]byte) (*Cluster, error)
	user    access
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu    sync.Mutex
	lies  []string
	since map[string]time.Time
}

// Witness begins to look.
func (h *Host) Witness(ctx context.Context, vc *v1alpha1.VirtualCluster, inner *Cluster) (*Witness, error) {
	fresh, err := inner.withoutKeepAlive()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &Witness{host: h, inner: fresh, vc: vc.DeepCopy(), leader: h.Leader, connect: connect, cancel: cancel, since: map[string]time.Time{}}
	w.wg.Go(func() { w.read(ctx) })
	w.wg.Go(func() { w.look(ctx) })
	return w, nil
}

// Close ends the looking and returns what was not true.
func (w *Witness) Close() []string {
	w.cancel()
	w.wg.Wait()
	return w.Lies()
}

// Lies is what was not true so far.
func (w *Witness) Lies() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lies)
}

// read follows every status that is written: each must be one that can be true,
// and follow from the one before.
func (w *Witness) read(ctx context.Context) {
	before := w.vc
	_, _ = Await(ctx, w.host.Cluster, w.vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		if err := errors.Join(truth.Check(vc), truth.Follows(before, vc)); err != nil {
			w.accuse(fmt.Sprintf("%v:%s", err, Conditions(vc)))
		}
		before = vc
		return false, "looking"
	})
}

func (w *Witness) accuse(words string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.lies, words) {
		w.lies = append(w.lies, words)
	}
}

// look compares the status with the world again and again.
func (w *Witness) look(ctx context.Context) {
	ticker := time.NewTicker(lookPeriod)
	defer ticker.Stop()
	for {
		w.compare(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// compare notes for how long the status has not been true. While the host does
// not answer nobody can read a condition, or write one.
func (w *Witness) compare(ctx context.Context) {
	timed, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var vc v1alpha1.VirtualCluster
	err := w.host.Get(timed, client.ObjectKeyFromObject(w.vc), &vc)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w.since = map[string]time.Time{}
		return
	}
	serves := w.serves(ctx)
	if ctx.Err() != nil {
		return
	}
	if c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionControlPlaneReady); c != nil {
		w.note(patience, c.Status == metav1.ConditionTrue && serves != nil, "ControlPlaneReady is True and the API does not serve (%v)", serves)
		w.note(patience, c.Status == metav1.ConditionFalse && serves == nil, "ControlPlaneReady is False and the API serves: %s", c.Message)
	}
	w.judgeKubeconfig(ctx, &vc, serves)
	missing := w.missing(ctx, &vc)
	if ctx.Err() != nil {
		return
	}
	w.note(patience, claimsNodes(&vc) && missing != nil, "NodesReady is True and %v", missing)
	pods, err := w.pods(ctx, &vc)
	if err != nil {
		return // the next look finds out
	}
	lacking := podless(&vc, pods)
	w.note(podPatience, claimsNodes(&vc) && len(lacking) > 0 && w.led(ctx), "NodesReady is True and the pods of these nodes are not: %v", lacking)
	why, denies := deniesNodes(&vc)
	w.note(spokenPatience, denies && missing == nil && len(lacking) == 0 && w.led(ctx), "NodesReady is False and all nodes are Ready, inside and as pods: %s", why)
}

// led says whether a controller leads. While none does nobody can write a
// condition: a host whose API server was away starts its pods again in its own
// time, and has called all of them not ready meanwhile.
func (w *Witness) led(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	_, err := w.leader(ctx)
	return err == nil
}

// wantedNodes are the nodes that the spec wants, each with the name of its pod.
func wantedNodes(vc *v1alpha1.VirtualCluster) map[string]string {
	groups := cluster.Pools(vc.Spec)
	if !vc.Status.Resolved.IsControlPlaneOnly() {
		groups = append(groups, cluster.Servers(vc.Spec))
	}
	out := map[string]string{}
	for _, g := range groups {
		for i := range g.Replicas {
			out[fmt.Sprintf("%s-%d", g.Name, i)] = fmt.Sprintf("%s-%d", cluster.GroupName(vc.Name, g.Name), i)
		}
	}
	return out
}

// pods are those of the cluster on the host.
func (w *Witness) pods(ctx context.Context, vc *v1alpha1.VirtualCluster) ([]corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var pods corev1.PodList
	err := w.host.List(ctx, &pods, client.InNamespace(vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: vc.Name})
	return pods.Items, err
}

// podless names the nodes that are wanted and whose pod is gone, on its way out,
// or not ready.
func podless(vc *v1alpha1.VirtualCluster, pods []corev1.Pod) []string {
	ready := map[string]bool{}
	for i := range pods {
		ready[pods[i].Name] = isPodReady(&pods[i])
	}
	var out []string
	for node, pod := range wantedNodes(vc) {
		if !ready[pod] {
			out = append(out, node)
		}
	}
	slices.Sort(out)
	return out
}

func isPodReady(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// claimsNodes says whether the status calls the nodes that the spec wants Ready.
func claimsNodes(vc *v1alpha1.VirtualCluster) bool {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionNodesReady)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == vc.Generation
}

// missing names the nodes that are wanted and not Ready inside, in the same order
// each time: who accuses twice of one thing says it in the same words.
func (w *Witness) missing(ctx context.Context, vc *v1alpha1.VirtualCluster) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var nodes corev1.NodeList
	if err := w.inner.List(ctx, &nodes); err != nil {
		return fmt.Errorf("the nodes inside cannot be listed: %w", err)
	}
	ready := map[string]bool{}
	for i := range nodes.Items {
		ready[nodes.Items[i].Name] = isNodeReady(&nodes.Items[i])
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(wantedNodes(vc))) {
		if !ready[name] {
			errs = append(errs, fmt.Errorf("node %q is not, inside", name))
		}
	}
	return errors.Join(errs...)
}

func isNodeReady(n *corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// serves asks the inner API as its user.
func (w *Witness) serves(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(namespaces)
	return w.inner.List(ctx, &list, client.Limit(1))
}

// note accuses of what has been untrue for longer than somebody is patient.
func (w *Witness) note(patience time.Duration, untrue bool, format string, detail any) {
	if !untrue {
		delete(w.since, format)
		return
	}
	now := time.Now()
	began, ok := w.since[format]
	if !ok {
		w.since[format] = now
		return
	}
	if now.Sub(began) > patience {
		w.accuse(fmt.Sprintf(format, detail) + fmt.Sprintf(", for more than %s", patience))
	}
}
