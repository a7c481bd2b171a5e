package inside

import (
	"time"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// checkClock has the machine's clock jump, as it does where it was wrong until
// the network came or where a virtual machine was suspended. The cluster goes
// on: same kubeconfig, new pods, a workload that answers, nothing lost that it
// acknowledged. While the clock is ahead the server's pod is replaced: what that
// boots with must still be valid once the clock has been put right. The pool's
// is replaced then: one that joins while the clock is ahead is refused later, as
// docs/faults.md says.
//
// It goes back by less than what tokens of pods live, so that none was issued
// while it was ahead: the host's own API server would refuse such ones, the
// controller's among them. A day is longer than they live: all get new ones. Nor
// does it jump to before the cluster's making: there its certificates are not
// valid yet, as they should not be.
func (v *virtual) checkClock(s *scene) {
	w := v.watch(s)
	for _, jump := range []struct {
		name  string
		by    time.Duration
		group string // whose pod is replaced then
	}{
		{"clock-forward", 30 * time.Minute, cluster.ServerGroup},
		{"clock-back", -30 * time.Minute, pool},
		{"clock-day", 25 * time.Hour, cluster.ServerGroup},
	} {
		progressf("the clock jumps by %s", jump.by)
		s.must(setClock(time.Now().Add(jump.by)))
		v.replace(s, jump.group)
		_, err := host.AwaitReady(s.within(stepTimeout), v.vc)
		s.must(err)
		v.askWeb(s, jump.name)
		w.check()
		log, err := host.ControllerLog(s.within(stepTimeout), 5)
		progressf("the controller says (%v):\n%s", err, log)
	}
}

// replace deletes the pod of a group. The one that comes instead has another
// address: the server's the same volume, the pool's an empty one.
func (v *virtual) replace(s *scene, group string) {
	s.Helper()
	pod := s.pod(host.Cluster, harness.NodePod(v.vc, group))
	s.must(host.Delete(s.ctx, pod))
	s.await(host.Cluster, pod, func(p *corev1.Pod) bool { return p.UID != pod.UID && p.Status.Phase == corev1.PodRunning })
}

func setClock(to time.Time) error {
	ts := unix.NsecToTimeval(to.UnixNano())
	return unix.Settimeofday(&ts)
}
