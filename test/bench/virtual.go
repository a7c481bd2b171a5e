package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// Milestones that only a virtual cluster has.
const (
	markPod       = "Pod"
	markScheduled = "Scheduled"
	markInit      = "Init"
	markPrepared  = "Prepared"
	markInside    = "APIInside"
	markReady     = "Ready"
)

// stepTimeout bounds what is stuck; it measures nothing.
const stepTimeout = 3 * time.Minute

// namespace of all virtual clusters of a run.
const namespace = "bench"

// marks collects milestones from several goroutines.
type marks struct {
	mu    sync.Mutex
	begin time.Time
	seen  map[string]time.Duration
}

func newMarks() *marks { return &marks{begin: time.Now(), seen: map[string]time.Duration{}} }

func (m *marks) pass(name string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[name] = at.Sub(m.begin)
}

// virtualCluster is one server, on a disk that goes with its pod or on a volume:
// what a volume costs depends on the host's storage, and is measured apart.
func virtualCluster(d v1alpha1.Distro, name string, ephemeral bool) *v1alpha1.VirtualCluster {
	vc := harness.VirtualCluster(namespace, name)
	vc.Spec.Distro = d
	vc.Spec.Servers.Storage.Ephemeral = ptr.To(ephemeral)
	return vc
}

// virtualBoot creates a virtual cluster, follows it to a running pod, and
// deletes it.
func (b *bench) virtualBoot(ctx context.Context, d harness.Distro) (boot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("a virtual cluster of %s took more than %s", d.Name, stepTimeout))
	defer cancel()
	vc := virtualCluster(d.Name, "boot", true)
	m := newMarks()
	if err := b.host.Create(ctx, vc); err != nil {
		return boot{}, err
	}
	datastore, err := b.follow(ctx, vc, m)
	if err != nil {
		return boot{}, fmt.Errorf("%w%s", err, b.host.Diagnose(context.WithoutCancel(ctx), namespace))
	}
	found, err := b.look(ctx, vc, d)
	if err != nil {
		return boot{}, err
	}
	found.marks, found.datastore = m.seen, datastore
	return found, b.remove(ctx, vc)
}

// follow notes the milestones of a server's boot, and tells which datastore the
// controller has chosen for it.
func (b *bench) follow(ctx context.Context, vc *v1alpha1.VirtualCluster, m *marks) (datastore string, err error) {
	alive := func(p *corev1.Pod) (bool, string) { return p.DeletionTimestamp == nil, "the old pod is still there" }
	if _, err := harness.Await(ctx, b.host.Cluster, serverPod(vc), alive); err != nil {
		return "", err
	}
	m.pass(markPod, time.Now())
	placed := func(p *corev1.Pod) (bool, string) {
		return p.DeletionTimestamp == nil && p.Spec.NodeName != "", "it has no node"
	}
	if _, err := harness.Await(ctx, b.host.Cluster, serverPod(vc), placed); err != nil {
		return "", err
	}
	m.pass(markScheduled, time.Now())
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: vc.Namespace, Name: cluster.KubeconfigSecretName(vc.Name)}}
	written := func(s *corev1.Secret) (bool, string) { return len(s.Data) > 0, "it is empty" }
	secret, err = harness.Await(ctx, b.host.Cluster, secret, written)
	if err != nil {
		return "", err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(secret.Data[cluster.KeyKubeconfigValue])
	if err != nil {
		return "", err
	}
	if err := observe(ctx, config, m.pass); err != nil {
		return "", err
	}
	ready, err := b.host.AwaitReady(ctx, vc)
	if err != nil {
		return "", err
	}
	fromInside(ready.Status.Timeline, m)
	if ready.Status.Resolved == nil {
		return "", fmt.Errorf("cluster %q is Ready and has no status.resolved", vc.Name)
	}
	return ready.Status.Resolved.Datastore, nil
}

// fromInside takes over what the guest has measured.
func fromInside(timeline []v1alpha1.TimelineEntry, m *marks) {
	names := map[string]string{
		guestapi.MilestoneInit: markInit, guestapi.MilestonePrepared: markPrepared, guestapi.MilestoneAPI: markInside,
		markReady: markReady,
	}
	for _, e := range timeline {
		if name, ok := names[e.Name]; ok {
			m.pass(name, e.Time.Time)
		}
	}
}

// look measures a cluster in which the first pod runs.
func (b *bench) look(ctx context.Context, vc *v1alpha1.VirtualCluster, d harness.Distro) (boot, error) {
	pid, err := b.initOf(ctx, vc)
	if err != nil {
		return boot{}, err
	}
	var found boot
	if found.busy, err = usageBelow(pid, true); err != nil {
		return boot{}, err
	}
	if err := pause(ctx, settling); err != nil {
		return boot{}, err
	}
	if found.settled, err = usageBelow(pid, true); err != nil {
		return boot{}, err
	}
	found.state, err = diskUsage(ctx, fmt.Sprintf("/proc/%d/root%s", pid, d.StateDir))
	return found, err
}

// initOf is the process number of PID 1 of a cluster's server.
func (b *bench) initOf(ctx context.Context, vc *v1alpha1.VirtualCluster) (int, error) {
	var pod corev1.Pod
	if err := b.host.Get(ctx, client.ObjectKey{Namespace: vc.Namespace, Name: harness.ServerPod(vc)}, &pod); err != nil {
		return 0, err
	}
	dir, err := harness.InitOf(&pod)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(filepath.Base(dir))
}

// remove deletes clusters and waits until their pods have gone. Nothing in them
// is worth an orderly end.
func (b *bench) remove(ctx context.Context, clusters ...*v1alpha1.VirtualCluster) error {
	for _, vc := range clusters {
		if err := b.host.Delete(ctx, vc); err != nil {
			return err
		}
		if err := client.IgnoreNotFound(b.host.Delete(ctx, serverPod(vc), client.GracePeriodSeconds(1))); err != nil {
			return err
		}
	}
	for _, vc := range clusters {
		if err := harness.AwaitGone(ctx, b.host.Cluster, serverPod(vc)); err != nil {
			return err
		}
	}
	return nil
}

func serverPod(vc *v1alpha1.VirtualCluster) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: vc.Namespace, Name: harness.ServerPod(vc)}}
}

// pause waits where it is the passing of time that matters.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
