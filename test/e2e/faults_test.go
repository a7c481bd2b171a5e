package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// fault is something that happens to a cluster, and that it must survive: when
// happen returns, all that it did is undone but for what the cluster has to mend
// by itself. Whether it has is for subject.recovered to see.
type fault struct {
	name   string
	happen func(*subject)
}

// clusterFaults happen to one cluster and leave the rest of the host alone.
var clusterFaults = []fault{
	{"ServerInitKilled", func(x *subject) { x.initKilled(cluster.ServerGroup) }},
	{"ServerReplaced", func(x *subject) { x.replaced(cluster.ServerGroup) }},
	{"ServerForcedOut", func(x *subject) { x.replaced(cluster.ServerGroup, client.GracePeriodSeconds(0)) }},
	{"WorkerInitKilled", func(x *subject) { x.initKilled(workers) }},
	{"WorkerReplaced", func(x *subject) { x.replaced(workers) }},
	{"AllReplaced", (*subject).allReplaced},
	{"PoolScaled", (*subject).poolScaled},
	{"Paused", (*subject).paused},
	{"JoinLost", (*subject).joinLost},
	{"IdentityLost", (*subject).identityLost},
}

// hostFaults touch the host, and with it every cluster on it.
var hostFaults = []fault{
	{"ControllerKilled", (*subject).controllerKilled},
	{"LeaderKilled", (*subject).leaderKilled},
	{"HostAPIStopped", (*subject).hostAPIStopped},
	{"NodeDrained", (*subject).nodeDrained},
	{"ImageGone", (*subject).imageGone},
	{"ControllerAbsent", (*subject).controllerAbsent},
	{"Outdated", (*subject).outdated},
}

// nodePod is the first pod of a group as it is.
func (x *subject) nodePod(group string) *corev1.Pod {
	x.Helper()
	var pod corev1.Pod
	x.must(x.host.Get(x.ctx, client.ObjectKey{Namespace: x.vc.Namespace, Name: harness.NodePod(x.vc, group)}, &pod))
	return &pod
}

// initKilled kills the machine in a pod, which keeps its address.
func (x *subject) initKilled(group string) {
	x.Helper()
	pod := x.nodePod(group)
	x.killInit(pod)
	x.await(pod, func(p *corev1.Pod) bool {
		return (p.UID != pod.UID || restarts(p) > restarts(pod)) && ready(p)
	})
}

// replaced deletes a pod. What comes instead has another address and the same
// volume.
func (x *subject) replaced(group string, how ...client.DeleteOption) {
	x.Helper()
	pod := x.nodePod(group)
	x.must(x.host.Delete(x.ctx, pod, how...))
	x.await(pod, func(p *corev1.Pod) bool { return p.UID != pod.UID && ready(p) })
}

func (x *subject) allReplaced() {
	x.Helper()
	server, worker := x.nodePod(cluster.ServerGroup), x.nodePod(workers)
	for _, pod := range []*corev1.Pod{server, worker} {
		x.must(x.host.Delete(x.ctx, pod))
	}
	for _, pod := range []*corev1.Pod{server, worker} {
		x.await(pod, func(p *corev1.Pod) bool { return p.UID != pod.UID && ready(p) })
	}
}

// scale sets the size of the pool, without waiting for it.
func (x *subject) scale(replicas int32) {
	x.Helper()
	x.must(x.change(func(spec *v1alpha1.VirtualClusterSpec) { spec.Pools[0].Replicas = ptr.To(replicas) }))
}

// change changes the spec, whoever else writes the object meanwhile.
func (x *subject) change(change func(*v1alpha1.VirtualClusterSpec)) error {
	return x.scene.change(x.vc, change)
}

// poolScaled lets the pool grow and shrink: what is no longer wanted is no node
// of the cluster any more.
func (x *subject) poolScaled() {
	x.Helper()
	x.scale(2)
	x.ready(x.vc)
	x.checkNodes()
	x.scale(1)
}

// joinLost deletes the credentials to join with. They are made anew, and a node
// joins with them.
func (x *subject) joinLost() {
	x.Helper()
	join := secret(x.vc, cluster.JoinSecretName(x.vc.Name))
	x.must(x.host.Get(x.ctx, client.ObjectKeyFromObject(join), join))
	old := join.UID
	x.must(x.host.Delete(x.ctx, join))
	_, err := harness.Await(x.within(stepTimeout), x.host.Cluster, join, func(s *corev1.Secret) (bool, string) {
		return s.UID != old, "it is the old one"
	})
	x.must(err)
	x.poolScaled()
}

// identityLost deletes what cannot be made anew, and restores it from a backup:
// until then the cluster says so, serves, and gets no new identity.
func (x *subject) identityLost() {
	x.Helper()
	identity := secret(x.vc, cluster.IdentitySecretName(x.vc.Name))
	x.must(x.host.Get(x.ctx, client.ObjectKeyFromObject(identity), identity))
	x.must(x.host.Delete(x.ctx, identity.DeepCopy()))
	x.condition(x.vc, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonIdentityLost, identity.Name, "restore", "backup")
	x.condition(x.vc, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonIdentityLost)
	x.serves(5 * time.Second)
	if err := x.host.Get(x.ctx, client.ObjectKeyFromObject(identity), &corev1.Secret{}); !apierrors.IsNotFound(err) {
		x.Errorf("Secret %q was made anew, or: %v", identity.Name, err)
	}
	x.must(x.host.Create(x.ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: identity.Namespace, Name: identity.Name, Labels: maps.Clone(identity.Labels),
			Annotations: maps.Clone(identity.Annotations), OwnerReferences: identity.OwnerReferences,
		},
		Type: identity.Type, Immutable: identity.Immutable, Data: identity.Data,
	}))
}

// killEvery is how long a controller lives while it is being killed: about as
// long as it needs to start, so that it gets something done and never all.
const killEvery = 3 * time.Second

// whileKilled kills the controller again and again until something has been
// achieved nevertheless, or for at most as many times as given.
func (s *scene) whileKilled(times int, achieve func()) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	killed := make(chan error, 1)
	go func() {
		ticker := time.NewTicker(killEvery)
		defer ticker.Stop()
		var err error
		for range times {
			err = s.host.KillController(ctx)
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
			if ctx.Err() != nil { // it was achieved: that nobody was killed any more is no failure
				killed <- nil
				return
			}
		}
		killed <- err
	}()
	achieve()
	cancel()
	s.must(<-killed)
}

// controllerKilled kills the controller while it lets the pool grow, and while
// it lets it shrink.
func (x *subject) controllerKilled() {
	x.Helper()
	const times = 4
	x.whileKilled(times, func() {
		x.scale(2)
		x.ready(x.vc)
		x.checkNodes()
	})
	x.whileKilled(times, func() {
		x.scale(1)
		x.ready(x.vc)
	})
}

// controllerAbsent kills the controller while it makes another cluster, and
// while it deletes it.
func (x *subject) controllerAbsent() {
	x.Helper()
	const times = 6
	var y *subject
	x.whileKilled(times, func() { y = x.subject("unborn") })
	y.recovered()
	y.ledger.Close()
	y.witness.Close()
	x.whileKilled(times, func() {
		x.must(x.host.Delete(x.ctx, y.vc))
		x.must(x.host.AwaitNothing(x.within(stepTimeout), y.vc.Namespace, y.vc.Name))
	})
}

// leaderKilled has two controllers at once, of which the one that leads dies.
func (x *subject) leaderKilled() {
	x.Helper()
	x.must(x.host.ScaleController(x.within(stepTimeout), 2))
	defer func() {
		ctx, cancel := x.afterwards()
		defer cancel()
		x.must(x.host.ScaleController(ctx, 1))
	}()
	leader, err := x.leader(nil)
	x.must(err)
	x.scale(2)
	x.must(x.host.Kill(x.ctx, leader))
	if _, err := x.leader(leader); err != nil {
		x.Errorf("no other controller leads: %v", err)
	}
	x.ready(x.vc)
	x.checkNodes()
	x.scale(1)
	x.ready(x.vc)
}

// leader waits for a controller that leads and is another one.
func (x *subject) leader(old *corev1.Pod) (*corev1.Pod, error) {
	return x.leaderWithin(x.within(stepTimeout), old)
}

func (x *subject) leaderWithin(ctx context.Context, old *corev1.Pod) (leader *corev1.Pod, err error) {
	err = x.host.Eventually(ctx, func() error {
		var err error
		leader, err = x.host.Leader(ctx)
		if err == nil && old != nil && leader.UID == old.UID {
			err = fmt.Errorf("pod %q still holds the Lease", old.Name)
		}
		return err
	})
	return leader, err
}

// outage is for how long the host's API server is away.
const outage = time.Minute

// hostAPIStopped takes the host's API server away. The cluster serves
// nevertheless. The controller is there again after a while: the host's kubelet
// takes its time over what has ended again and again.
func (x *subject) hostAPIStopped() {
	x.Helper()
	x.withoutHostAPI(func() { x.serves(outage) })
	_, err := x.leaderWithin(x.within(bootTimeout), nil)
	x.must(err)
}

// withoutHostAPI does something while the host's API server is away.
func (x *subject) withoutHostAPI(do func()) {
	x.Helper()
	x.must(x.host.StopAPIServer(x.ctx))
	defer func() {
		ctx, cancel := x.afterwards()
		defer cancel()
		x.must(x.host.StartAPIServer(ctx))
	}()
	do()
}

// nodeDrained drains the host's only node: there is nowhere else to go, and that
// is what the cluster says, until the node takes pods again.
func (x *subject) nodeDrained() {
	x.Helper()
	x.must(x.host.Cordon(x.ctx, true))
	uncordon := func() {
		ctx, cancel := x.afterwards()
		defer cancel()
		x.must(x.host.Cordon(ctx, false))
	}
	defer uncordon()
	x.awaitClosed()
	for _, group := range []string{workers, cluster.ServerGroup} {
		x.must(x.host.Evict(x.ctx, x.nodePod(group)))
	}
	// A host that was away just now may give another reason first.
	x.condition(x.vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonUnschedulable, harness.ServerPod(x.vc), "unschedulable")
}

// awaitClosed waits until the host's scheduler knows that there is no place: it
// can be a minute behind when the API server was away before.
func (x *subject) awaitClosed() {
	x.Helper()
	ctx := x.within(stepTimeout)
	x.must(x.host.Eventually(ctx, func() error {
		pod := plainPod(x.namespace, "feeler")
		if err := x.host.Create(ctx, pod); err != nil {
			return err
		}
		var closed bool
		_, err := harness.Await(ctx, x.host.Cluster, pod, func(p *corev1.Pod) (bool, string) {
			for _, c := range p.Status.Conditions {
				if c.Type == corev1.PodScheduled {
					closed = c.Reason == corev1.PodReasonUnschedulable
					return true, ""
				}
			}
			return false, "nobody has looked at it"
		})
		if err == nil && !closed {
			err = errors.New("the scheduler still places pods on the node")
		}
		return errors.Join(err, x.host.Kill(ctx, pod), harness.AwaitGone(ctx, x.host.Cluster, pod))
	}))
}
