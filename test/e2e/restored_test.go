package e2e

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// testRestored: a cluster whose volume was emptied says what was lost, and with
// the backup of the volume all of it is back, and that is said as well.
func testRestored(t *testing.T, d harness.Distro) { begin(t, d).restored() }

func (s *scene) restored() *v1alpha1.VirtualCluster {
	s.Helper()
	vc := s.ready(s.create("kept"))
	before := s.mark(vc)
	claim := cluster.StateClaimName(vc.Name, cluster.ServerGroup, 0)

	s.whilePaused(vc, `cp -a "$1" "$1.backup" && find "$1" -mindepth 1 -delete`)
	s.condition(vc, v1alpha1.ConditionStateKept, metav1.ConditionFalse, v1alpha1.ReasonStateLost, claim, "backup")
	if s.mark(vc).system == before.system {
		s.Fatal("nothing was lost: this proves nothing")
	}

	s.whilePaused(vc, `find "$1" -mindepth 1 -delete && cp -a "$1.backup/." "$1" && rm -r "$1.backup"`)
	s.condition(vc, v1alpha1.ConditionStateKept, metav1.ConditionTrue, v1alpha1.ReasonRestored)
	after := s.mark(vc)
	if after.system != before.system {
		s.Errorf("the backup is not what runs: kube-system is %s, was %s", after.system, before.system)
	}
	if string(after.kubeconfig) != string(before.kubeconfig) {
		s.Error("the kubeconfig has changed")
	}
	return vc
}

// whilePaused runs a line of shell on the host's node, with the folder that is
// the server's volume as $1, while the cluster does not.
func (s *scene) whilePaused(vc *v1alpha1.VirtualCluster, line string) {
	s.Helper()
	s.must(s.change(vc, func(spec *v1alpha1.VirtualClusterSpec) { spec.Lifecycle.Paused = ptr.To(true) }))
	s.condition(vc, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPaused)
	dir, err := s.volumeDir(vc)
	s.must(err)
	_, err = s.host.OnNode(s.within(stepTimeout), "sh", "-ec", line, "sh", dir)
	s.must(err)
	s.must(s.change(vc, func(spec *v1alpha1.VirtualClusterSpec) { spec.Lifecycle.Paused = nil }))
	s.ready(vc)
}

// volumeDir is where the host's node has the volume of the server.
func (s *scene) volumeDir(vc *v1alpha1.VirtualCluster) (string, error) {
	var claim corev1.PersistentVolumeClaim
	key := client.ObjectKey{Namespace: vc.Namespace, Name: cluster.StateClaimName(vc.Name, cluster.ServerGroup, 0)}
	if err := s.host.Get(s.ctx, key, &claim); err != nil {
		return "", err
	}
	var volume corev1.PersistentVolume
	if err := s.host.Get(s.ctx, client.ObjectKey{Name: claim.Spec.VolumeName}, &volume); err != nil {
		return "", err
	}
	switch {
	case volume.Spec.Local != nil:
		return volume.Spec.Local.Path, nil
	case volume.Spec.HostPath != nil:
		return volume.Spec.HostPath.Path, nil
	default:
		return "", errors.New("the volume of the server is no folder of the host's node")
	}
}
