package inside

import (
	"time"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// checkClock has the machine's clock jump, as it does where it was wrong until
// the network came or where a virtual machine was suspended. The cluster goes
// on: same kubeconfig, new pods, a workload that answers. While the clock is
// ahead the server's pod is replaced: what that boots with must still be valid
// once the clock has been put right.
//
// It does not jump to before the cluster's making: there its certificates are
// not valid yet, as they should not be.
func (v *virtual) checkClock(s *scene) {
	for _, jump := range []struct {
		name string
		by   time.Duration
		then func(*virtual, *scene)
	}{
		{"clock-forward", 25 * time.Hour, (*virtual).replaceServer},
		{"clock-back", -25 * time.Hour, func(*virtual, *scene) {}},
	} {
		progressf("the clock jumps by %s", jump.by)
		s.must(setClock(time.Now().Add(jump.by)))
		jump.then(v, s)
		_, err := host.AwaitReady(s.within(bootTimeout), v.vc)
		s.must(err)
		v.askWeb(s, jump.name)
		log, err := host.ControllerLog(s.within(stepTimeout), 5)
		progressf("the controller says (%v):\n%s", err, log)
	}
}

// replaceServer deletes the server's pod. The one that comes instead has another
// address and the same volume.
func (v *virtual) replaceServer(s *scene) {
	s.Helper()
	pod := s.pod(host.Cluster, harness.ServerPod(v.vc))
	s.must(host.Delete(s.ctx, pod))
	s.await(host.Cluster, pod, func(p *corev1.Pod) bool { return p.UID != pod.UID && p.Status.Phase == corev1.PodRunning })
}

func setClock(to time.Time) error {
	ts := unix.NsecToTimeval(to.UnixNano())
	return unix.Settimeofday(&ts)
}
