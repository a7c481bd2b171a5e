package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A server that dies comes back as the same cluster: in the same pod when its
// init is killed, and in another one with another address when its pod is.
func testReplaced(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	vc := s.ready(s.create("phoenix"))
	w := web{cluster: s.inside(vc), namespace: "default", name: "web", replicas: 1}
	s.deploy(w)
	before := s.mark(vc)

	pod := s.pod(vc)
	s.killInit(pod)
	s.await(pod, func(p *corev1.Pod) bool { return p.UID == pod.UID && restarts(p) > 0 && ready(p) })
	s.checkSame(vc, before, w)

	s.must(s.host.Delete(s.ctx, pod))
	s.await(pod, func(p *corev1.Pod) bool { return p.UID != pod.UID && ready(p) })
	s.checkSame(vc, before, w)
}

// marks are what makes a cluster that cluster and no other.
type marks struct {
	kubeconfig  []byte
	fingerprint string
	// system is the UID of a namespace that every cluster makes once.
	system types.UID
}

func (s *scene) mark(vc *v1alpha1.VirtualCluster) marks {
	s.Helper()
	var m marks
	var err error
	m.kubeconfig, err = s.host.KubeconfigOf(s.ctx, vc)
	s.must(err)
	inner := s.inside(vc)
	ctx := s.within(stepTimeout)
	s.must(inner.Eventually(ctx, func() error {
		var n corev1.Namespace
		err := inner.Get(ctx, client.ObjectKey{Name: "kube-system"}, &n)
		m.system = n.UID
		return err
	}))
	var now v1alpha1.VirtualCluster
	s.must(s.host.Get(s.ctx, client.ObjectKeyFromObject(vc), &now))
	m.fingerprint = now.Status.IdentityFingerprint
	return m
}

// checkSame waits until a cluster is ready again, and compares it with what it
// was. Its workload serves again without anybody's doing.
func (s *scene) checkSame(vc *v1alpha1.VirtualCluster, before marks, w web) {
	s.Helper()
	s.ready(vc)
	after := s.mark(vc)
	if !bytes.Equal(before.kubeconfig, after.kubeconfig) {
		s.Error("the kubeconfig has changed")
	}
	if before.fingerprint != after.fingerprint {
		s.Errorf("the identity has changed: %q is now %q", before.fingerprint, after.fingerprint)
	}
	if before.system != after.system {
		s.Errorf("it is another cluster: namespace kube-system was %s and is now %s", before.system, after.system)
	}
	pods, err := w.pods(s.ctx)
	s.must(err)
	if err := s.askUntil(w, pods[0], pods); err != nil {
		s.Errorf("the workload does not serve again: %v", err)
	}
}

// killInit kills PID 1 of a pod, from the machine: nothing in the pod can.
func (s *scene) killInit(pod *corev1.Pod) {
	s.Helper()
	dir, err := harness.InitOf(pod)
	s.must(err)
	pid, err := strconv.Atoi(filepath.Base(dir))
	s.must(err)
	process, err := os.FindProcess(pid)
	s.must(err)
	s.must(process.Signal(syscall.SIGKILL))
}

func (s *scene) await(pod *corev1.Pod, done func(*corev1.Pod) bool) {
	s.Helper()
	_, err := harness.Await(s.within(bootTimeout), s.host.Cluster, pod, func(p *corev1.Pod) (bool, string) {
		return done(p), fmt.Sprintf("UID %s, %d restarts, ready %t", p.UID, restarts(p), ready(p))
	})
	s.must(err)
}

func restarts(p *corev1.Pod) int32 {
	var n int32
	for _, c := range p.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}

func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
