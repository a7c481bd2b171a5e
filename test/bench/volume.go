package main

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// firstBoots starts virtual clusters, each on a volume that is made for it, and
// bare processes without any state, in turns. The first start of each only warms
// the caches; the last cluster, and the state of the last bare processes, stay to
// be started again.
func (b *bench) firstBoots(ctx context.Context, d harness.Distro) (boots, *v1alpha1.VirtualCluster, error) {
	var found boots
	for i := 0; ; i++ {
		vc := virtualCluster(d.Name, fmt.Sprintf("volume-%d", i), false)
		ours, err := b.firstBoot(ctx, vc)
		if err != nil {
			return found, vc, err
		}
		bare, err := b.bareBoot(ctx, d, bareStart{datastore: ours.datastore, keep: true})
		if err != nil {
			return found, vc, err
		}
		b.sayf("%s on a new volume %d/%d: %v; bare %v", d.Name, i, b.runs, ours.marks, bare.marks)
		if i > 0 {
			found.ours, found.bare = append(found.ours, ours), append(found.bare, bare)
		}
		if i >= b.runs {
			return found, vc, nil
		}
		if err := b.removeWithVolume(ctx, vc); err != nil {
			return found, vc, err
		}
		if err := os.RemoveAll(b.bareDir(d.Name)); err != nil {
			return found, vc, err
		}
	}
}

func (b *bench) firstBoot(ctx context.Context, vc *v1alpha1.VirtualCluster) (boot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("a server on a new volume took more than %s", stepTimeout))
	defer cancel()
	m := newMarks()
	if err := b.host.Create(ctx, vc); err != nil {
		return boot{}, err
	}
	datastore, err := b.follow(ctx, vc, m)
	if err != nil {
		return boot{}, fmt.Errorf("%w%s", err, b.host.Diagnose(context.WithoutCancel(ctx), namespace))
	}
	return boot{marks: m.seen, datastore: datastore}, nil
}

// removeWithVolume deletes a cluster and waits until its volume has gone, too:
// the pod that empties it would be measured with the next start.
func (b *bench) removeWithVolume(ctx context.Context, vc *v1alpha1.VirtualCluster) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("the end of a cluster took more than %s", stepTimeout))
	defer cancel()
	var claim corev1.PersistentVolumeClaim
	key := client.ObjectKey{Namespace: vc.Namespace, Name: cluster.StateClaimName(vc.Name, cluster.ServerGroup, 0)}
	if err := b.host.Get(ctx, key, &claim); err != nil {
		return err
	}
	if err := b.remove(ctx, vc); err != nil {
		return err
	}
	return harness.AwaitGone(ctx, b.host.Cluster, &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: claim.Spec.VolumeName}})
}

// volumeRows are the figures of a first start with the storage that is the
// default.
func volumeRows(f boots) []row {
	return []row{
		{name: "object created → pod created", unit: seconds, ours: marked(f.ours, "", markPod)},
		{name: "→ pod scheduled, once its volume is there", unit: seconds, ours: marked(f.ours, "", markScheduled)},
		{name: "→ systemd up", unit: seconds, ours: marked(f.ours, "", markInit)},
		{name: "→ API serves, seen from inside", unit: seconds, ours: marked(f.ours, "", markInside), bare: marked(f.bare, "", markAPI)},
		{name: "→ API serves, with the user's kubeconfig", unit: seconds, ours: marked(f.ours, "", markAPI), bare: marked(f.bare, "", markAPI)},
		{name: "→ a pod runs inside", unit: seconds, ours: marked(f.ours, "", markRunning), bare: marked(f.bare, "", markRunning)},
	}
}

// againRows are the figures of a start on the volume of before.
func againRows(f boots) []row {
	return []row{
		{name: "new pod → systemd up", unit: seconds, ours: marked(f.ours, markPod, markInit)},
		{name: "→ API serves, seen from inside", unit: seconds, ours: marked(f.ours, markPod, markInside), bare: marked(f.bare, "", markAPI)},
		{name: "→ API serves, with the user's kubeconfig", unit: seconds, ours: marked(f.ours, markPod, markAPI), bare: marked(f.bare, "", markAPI)},
		{name: "→ a pod runs inside", unit: seconds, ours: marked(f.ours, markPod, markRunning), bare: marked(f.bare, "", markRunning)},
	}
}
