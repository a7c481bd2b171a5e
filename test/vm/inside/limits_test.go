package inside

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// hog is a line of shell that takes twice as much memory as there is.
func hog(limit int64) string {
	return fmt.Sprintf("dd if=/dev/zero of=/dev/null count=1 bs=%d", 2*limit)
}

const (
	innerMemory = 48 << 20
	oomKilled   = "OOMKilled"
)

// checkInnerLimit makes sure that the inner kubelet holds a pod to its limit:
// what takes more is killed, and nothing else is.
func (v *virtual) checkInnerLimit(s *scene) {
	limited := func(spec *corev1.PodSpec) {
		spec.NodeSelector = map[string]string{corev1.LabelHostname: pool + "-0"}
		spec.Containers[0].Resources.Limits = corev1.ResourceList{
			corev1.ResourceMemory: *resource.NewQuantity(innerMemory, resource.BinarySI),
			corev1.ResourceCPU:    resource.MustParse("500m"),
		}
	}
	modest := busybox("modest", "sleep 86400", limited)
	greedy := busybox("greedy", "exec "+hog(innerMemory), limited)
	s.must(v.inner.Create(s.ctx, modest))
	s.must(v.inner.Create(s.ctx, greedy))
	greedy = s.await(v.inner, greedy, func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodFailed })
	if ended := greedy.Status.ContainerStatuses[0].State.Terminated; ended == nil || ended.Reason != oomKilled {
		s.Errorf("a pod that takes more than its limit ended with %+v, want %s", ended, oomKilled)
	}
	s.await(v.inner, modest, running)
	for file, want := range map[string]string{"memory.max": strconv.Itoa(innerMemory), "cpu.max": "50000 100000"} {
		if got := s.in(v.inner, "modest", "cat /sys/fs/cgroup/"+file); got != want {
			s.Errorf("%s of a pod inside: got %q, want %q", file, got, want)
		}
	}
	if n := restarts(s.pod(host.Cluster, harness.NodePod(v.vc, pool))); n != 0 {
		s.Errorf("the node started %d times again", n)
	}
}

// checkNodeLimit makes sure that the host holds a node to its limit: the host
// knows nothing of what runs in there, and nobody but the node has to suffer.
func (v *virtual) checkNodeLimit(s *scene) {
	name := harness.NodePod(v.vc, pool)
	before, server := s.pod(host.Cluster, name), s.pod(host.Cluster, harness.ServerPod(v.vc))
	group := s.cgroupOf(before)
	for file, want := range map[string]string{"memory.max": strconv.Itoa(poolMemory), "cpu.max": "150000 100000"} {
		if got := s.read(group + "/" + file); got != want {
			s.Errorf("%s of the node pod on the machine: got %q, want %q", file, got, want)
		}
	}
	kills := s.kills(group)
	out, err := host.Exec(s.within(stepTimeout), namespace, name, "sh", "-c", hog(poolMemory))
	progressf("taking more memory than the node has ends with %v %s", err, out)
	if err == nil || s.kills(group) == kills {
		s.Errorf("a process in the node pod could take more memory than the pod's limit: %v", err)
	}
	// Only what took too much had to go.
	if n := restarts(s.pod(host.Cluster, name)); n != restarts(before) {
		s.Errorf("the node started %d times again", n)
	}
	after := s.pod(host.Cluster, harness.ServerPod(v.vc))
	if after.UID != server.UID || restarts(after) != restarts(server) {
		s.Error("the cluster's server had to suffer")
	}
	if got := strings.TrimSpace(s.onNode("systemctl is-active kubelet containerd etcd kube-apiserver | sort -u")); got != "active" {
		s.Errorf("units of the host: %s", got)
	}
	_, err = host.AwaitReady(s.within(bootTimeout), v.vc)
	s.must(err)
	v.askWeb(s, "ask-again")
}

// kills counts the processes that the kernel killed in a cgroup for taking too
// much memory.
func (s *scene) kills(group string) string {
	s.Helper()
	for line := range strings.Lines(s.read(group + "/memory.events")) {
		if count, ok := strings.CutPrefix(line, "oom_kill "); ok {
			return strings.TrimSpace(count)
		}
	}
	return ""
}
