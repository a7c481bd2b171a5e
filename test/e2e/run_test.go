package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A command gets a cluster of its own, and nothing is left of it, however the
// command and the program end.
func testRun(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	u := s.user()
	s.checkRunDone(u)
	s.checkRunFails(u)
	s.checkRunInterrupted(u)
	s.checkRunKilled(u)
}

func (s *scene) startRun(u user, args ...string) *harness.Process {
	s.Helper()
	return s.host.Launch(s.within(bootTimeout), u.kubeconfig, append([]string{"run", u.distroFlag(), "-n", s.namespace}, args...)...)
}

func (s *scene) checkRunDone(u user) {
	s.Helper()
	r := s.startRun(u, "--name", "done", "--", s.kubectl(), "get", "nodes", "-o", "name").Wait()
	if s.wantCode(r, 0); r.Stdout != "node/server-0\n" {
		s.Errorf("want the output of the command and nothing else: %s", r)
	}
	s.must(s.host.AwaitNothing(s.within(stepTimeout), s.namespace, "done"))
}

func (s *scene) checkRunFails(u user) {
	s.Helper()
	dir := filepath.Join(s.TempDir(), "out")
	r := s.startRun(u, "--name", "fails", "--output-dir", dir, "--", "sh", "-c", "exit 7").Wait()
	s.wantCode(r, 7)
	for file, want := range map[string]string{
		"junit.xml": `message="exit code 7"`, "nodes/server-0.log": "systemd[1]", "cluster.yaml": "name: fails", "events.yaml": "kind: EventList",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(data), want) {
			s.Errorf("%s: %v, want %q in:\n%.2000s", file, err, want, data)
		}
	}
	s.must(s.host.AwaitNothing(s.within(stepTimeout), s.namespace, "fails"))
}

// checkRunInterrupted ends the program while the cluster boots.
func (s *scene) checkRunInterrupted(u user) {
	s.Helper()
	p := s.startRun(u, "--name", "interrupted", "--", "true")
	vc := harness.VirtualCluster(s.namespace, "interrupted")
	s.must(s.host.Eventually(s.within(stepTimeout), func() error { return s.host.Get(s.ctx, client.ObjectKeyFromObject(vc), vc) }))
	s.must(p.Signal(syscall.SIGHUP))
	s.wantCode(p.Wait(), 125)
	s.must(s.host.AwaitNothing(s.within(stepTimeout), s.namespace, "interrupted"))
}

// checkRunKilled kills the program in a way that it cannot do anything about.
func (s *scene) checkRunKilled(u user) {
	s.Helper()
	const ttl = 90 * time.Second // no shorter one is taken
	p := s.startRun(u, "--name", "killed", "--ttl", ttl.String(), "--", "sleep", "600")
	vc := harness.VirtualCluster(s.namespace, "killed")
	s.must(s.host.Eventually(s.within(stepTimeout), func() error { return s.host.Get(s.ctx, client.ObjectKeyFromObject(vc), vc) }))
	_, err := harness.Await(s.within(bootTimeout), s.host.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		return vc.Spec.Lifecycle.TTLSeconds > v1alpha1.MinTTLSeconds, "as long as the program lives it moves the end of the cluster on"
	})
	s.must(err)
	s.must(p.Signal(syscall.SIGKILL))
	killed := time.Now()
	p.Wait()
	s.must(s.host.AwaitNothing(s.within(ttl), s.namespace, "killed"))
	s.Logf("nothing was left %s after the program was killed, within %s", time.Since(killed).Round(time.Second), ttl)
}
