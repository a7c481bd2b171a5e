package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// smallVolume is enough for a server and little else.
const smallVolume = "2Gi"

// testStateFull fills the volume of a server.
func testStateFull(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	x := s.smallSubject("full")
	x.round(fault{"StateFull", (*subject).stateFull})
}

// smallSubject is a subject whose server has a small volume of its own.
func (s *scene) smallSubject(name string) *subject {
	s.Helper()
	class := s.namespace
	remove, err := s.host.SmallVolume(s.ctx, class, smallVolume)
	vc := harness.VirtualCluster(s.namespace, name)
	s.Cleanup(func() {
		ctx, cancel := s.afterwards()
		defer cancel()
		s.diagnose() // while there is something to see
		if remove != nil {
			err := errors.Join(s.releaseState(vc), remove(ctx))
			if err != nil {
				s.Errorf("take the small volume away: %v", err)
			}
		}
	})
	s.must(err)
	return s.subject(name, func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Servers.Storage = v1alpha1.Storage{ClassName: ptr.To(class), Size: ptr.To(resource.MustParse(smallVolume))}
	})
}

// releaseState deletes a cluster and waits until nobody uses its volume.
func (s *scene) releaseState(vc *v1alpha1.VirtualCluster) error {
	ctx, cancel := s.afterwards()
	defer cancel()
	if err := client.IgnoreNotFound(s.host.Delete(ctx, vc.DeepCopy())); err != nil {
		return err
	}
	server := metav1.ObjectMeta{Namespace: vc.Namespace, Name: harness.ServerPod(vc)}
	claim := metav1.ObjectMeta{Namespace: vc.Namespace, Name: cluster.StateClaimName(vc.Name, cluster.ServerGroup, 0)}
	return errors.Join(
		harness.AwaitGone(ctx, s.host.Cluster, &corev1.Pod{ObjectMeta: server}),
		harness.AwaitGone(ctx, s.host.Cluster, &corev1.PersistentVolumeClaim{ObjectMeta: claim}))
}

// ballast makes an entry so large that a datastore soon asks for more room.
var ballast = strings.Repeat("ballast ", 64<<10)

// noticed is for how long Ready may still be True while writes fail: the guest
// looks at the volume and at the datastore every ten seconds, and its news takes a
// moment on a busy machine. It is what docs/faults.md promises.
const noticed = 25 * time.Second

// stateFull fills the volume of the server until nothing can be written, sees it
// told in time, and makes room again.
func (x *subject) stateFull() {
	x.Helper()
	ctx := x.within(bootTimeout)
	x.shell(x.vc, x.fill("dd if=/dev/zero bs=1M"))
	for x.ledger.Add(ctx, ballast) == nil {
		x.shell(x.vc, x.fill("dd if=/dev/zero bs=64K"))
	}
	refusing := time.Now()
	_, err := harness.Await(x.within(noticed), x.host.Cluster, x.vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		return conditionOf(vc, v1alpha1.ConditionReady).Status == metav1.ConditionFalse,
			fmt.Sprintf("writes fail, and Ready is not False:%s", harness.Conditions(vc))
	})
	if err != nil {
		x.Error(err)
	}
	_, err = harness.Await(ctx, x.host.Cluster, x.vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		c := conditionOf(vc, v1alpha1.ConditionReady)
		return c.Status == metav1.ConditionFalse && containsAll(c.Message, "StateVolumeFull", x.distro.StateDir),
			fmt.Sprintf("want Ready to be False and to say that the volume is full:%s", harness.Conditions(vc))
	})
	if err != nil {
		x.Error(err)
	}
	x.staysFull(fullFor, refusing)
	x.shell(x.vc, "rm "+x.filler())
}

func (x *subject) filler() string { return x.distro.StateDir + "/filler" }

// fill is a line of shell that writes until there is no room.
func (x *subject) fill(dd string) string {
	return dd + " oflag=append conv=notrunc of=" + x.filler() + " 2>/dev/null || true"
}

// fullFor is for how long a volume stays full: long enough for a kubelet to look
// for things to throw away, and for a lie to be noticed.
const fullFor = 45 * time.Second

// staysFull takes every byte that becomes free, and sees that the cluster is not
// called ready while it takes no writes. Some may be taken in between: a kubelet
// that throws images away makes room for a moment.
func (x *subject) staysFull(d time.Duration, refusing time.Time) {
	x.Helper()
	end := time.After(d)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-end:
			return
		case <-ticker.C:
			x.shell(x.vc, x.fill("dd if=/dev/zero bs=64K"))
		}
		if x.ledger.Add(x.ctx, ballast) == nil {
			refusing = time.Now()
		}
		var vc v1alpha1.VirtualCluster
		x.must(x.host.Get(x.ctx, client.ObjectKeyFromObject(x.vc), &vc))
		if c := conditionOf(&vc, v1alpha1.ConditionReady); c.Status == metav1.ConditionTrue && time.Since(refusing) > noticed {
			x.Errorf("writes have failed for %s, and Ready is True:%s", time.Since(refusing).Round(time.Second), harness.Conditions(&vc))
			return
		}
	}
}
