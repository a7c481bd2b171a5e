package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/gvisor"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const (
	runsc     = "/usr/local/bin/runsc"
	runscShim = "/usr/local/bin/containerd-shim-runsc-v1"
	// bareRunsc is runsc for a node without cgroup controllers.
	bareRunsc = "/usr/local/bin/runsc-bare"
)

// bareRunscScript takes the cgroup out of a bundle: for the containers of a pod
// but the first runsc makes one even when it is told to ignore cgroups, and
// insists on controllers.
const bareRunscScript = `#!/bin/sh
before=
for a; do
  [ "$before" = --bundle ] && sed -i 's/"cgroupsPath":"[^"]*"/"cgroupsPath":""/' "$a/config.json"
  before=$a
done
exec ` + runsc + ` "$@"
`

// humbleShimScript makes the shim believe that it is in a user namespace, where
// it does not lower oom_score_adj: that takes CAP_SYS_RESOURCE. What is mounted
// goes with the process that asks.
const humbleShimScript = `#!/bin/sh
for a; do
  if [ "$a" = start ]; then
    echo 0 1 4294967295 >/run/uid_map.$$
    mount --bind /run/uid_map.$$ /proc/$$/uid_map
  fi
done
exec ` + runscShim + `.real "$@"
`

// TestGVisor runs a control plane on gVisor's kernel, and its pods elsewhere.
func TestGVisor(t *testing.T) {
	programs := gvisorHere(t)
	s := apart(t, "-gv", gvisor.New(), runGVisor, func(s *scene) { s.installGVisor(programs) })
	d := harness.Distros()[0]
	t.Run("ControlPlane", func(t *testing.T) { s.of(t, d, "gvisor", nil).checkGVisor() })
	t.Run("Worker", func(t *testing.T) { s.of(t, d, "worker", nil).checkGVisorWorker() })
}

// gvisorHere finds what "make testbin-gvisor" builds.
func gvisorHere(t *testing.T) map[string]string {
	t.Helper()
	if world.missing != nil {
		t.Skip(world.missing)
	}
	dir := filepath.Join(filepath.Dir(world.host.Assets.NodeImage), "testbin")
	programs := map[string]string{}
	for _, to := range []string{runsc, runscShim} {
		from := filepath.Join(dir, filepath.Base(to))
		if _, err := os.Stat(from); err != nil && os.Getenv(requiredEnv) == required {
			t.Fatalf("run \"make testbin-gvisor\": %v", err)
		} else if err != nil {
			t.Skipf("run \"make testbin-gvisor\": %v", err)
		}
		programs[to] = from
	}
	return programs
}

func runGVisor(delegated bool) profile.HostOptions {
	o := profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: delegated}
	if !delegated {
		o.BinaryName = bareRunsc
	}
	return o
}

func (s *scene) installGVisor(programs map[string]string) {
	s.Helper()
	ctx := s.within(startTimeout)
	for to, from := range programs {
		s.must(s.host.PutProgram(ctx, from, to))
	}
	if !s.mayRaise() {
		s.Log("this machine does not grant CAP_SYS_RESOURCE: gVisor's shim is made to leave oom_score_adj alone")
		s.must(s.host.PutProgram(ctx, programs[runscShim], runscShim+".real"))
		s.must(s.host.Put(runscShim, []byte(humbleShimScript), 0o755))
	}
	config, err := gvisor.New().HostConfig(runGVisor(s.host.Delegated()))
	s.must(err)
	flags := config.Runtime.Data
	if !s.host.Delegated() {
		s.Log("this machine delegates no cgroup controllers: runsc is told to ignore cgroups, so nothing limits a sandbox")
		flags = append(bytes.Clone(flags), "  ignore-cgroups = \"true\"\n"...)
		s.must(s.host.Put(bareRunsc, []byte(bareRunscScript), 0o755))
	}
	s.must(s.host.Put(config.Runtime.Name, flags, 0o644))
	s.tryGVisor()
	s.must(s.host.AwaitHandler(ctx, gvisor.Handler, false))
}

// tryGVisor starts one program in gVisor without containerd, to tell a machine
// that it does not run on from a fault of ours.
func (s *scene) tryGVisor() {
	s.Helper()
	said, err := s.host.OnNode(s.within(startTimeout), runsc, "--network=none", "--ignore-cgroups", "do", "cat", "/proc/version")
	if err != nil {
		s.Skipf("gVisor does not run on this machine: %v", err)
	}
	if !strings.Contains(said, "gvisor") {
		s.Fatalf("in gVisor the kernel calls itself %q", said)
	}
}

// checkGVisor makes a virtual cluster whose servers are in gVisor and whose pool
// is not, and uses it.
func (s *scene) checkGVisor() {
	s.Helper()
	vc := s.ready(s.create("dev", func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Runtime.Profile = v1alpha1.RuntimeUserns
		spec.Servers.Runtime.Profile = v1alpha1.RuntimeGVisor
		spec.Pools = []v1alpha1.Pool{{Name: "work"}}
	}))
	if !ptr.Deref(vc.Status.Resolved.ControlPlaneOnly, false) {
		s.Errorf("servers under gVisor run pods: %+v", vc.Status.Resolved)
	}
	s.checkSpecOfGVisor(vc)
	if kernel := s.shell(vc, "cat /proc/version"); !strings.Contains(kernel, "gvisor") {
		s.Errorf("the server runs on the kernel %q", kernel)
	}
	s.checkNoPodUnits(vc)
	inner := s.inside(vc)
	s.checkNodes(inner, []string{"work-0"})
	w := web{cluster: inner, namespace: "default", name: "web", replicas: 2}
	s.deploy(w)
	s.checkLookUp(w)
	s.checkLogs(w)
}

// checkSpecOfGVisor looks for what no node pod may have, under a kernel of its
// own either.
func (s *scene) checkSpecOfGVisor(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	pod := s.pod(vc)
	if got := ptr.Deref(pod.Spec.RuntimeClassName, ""); got != gvisor.ClassName {
		s.Errorf("the server's pod has RuntimeClass %q", got)
	}
	if ptr.Deref(pod.Spec.Containers[0].SecurityContext.Privileged, false) || pod.Spec.HostNetwork || pod.Spec.HostPID {
		s.Error("the server's pod is privileged or shares a namespace with the host")
	}
}

// checkGVisorWorker: nodes that run pods are refused under gVisor, with the
// reason, before there is any object.
func (s *scene) checkGVisorWorker() {
	s.Helper()
	vc := harness.VirtualCluster(s.namespace, "dev")
	vc.Spec.Pools = []v1alpha1.Pool{{Name: "work", Runtime: v1alpha1.Runtime{Profile: v1alpha1.RuntimeGVisor}}}
	err := s.host.Create(s.ctx, vc)
	if err == nil {
		s.Fatal("a worker under gVisor is not refused")
	}
	for _, want := range []string{"spec.pools[0].runtime.profile", "kube-proxy", "google/gvisor#14637"} {
		if !strings.Contains(err.Error(), want) {
			s.Errorf("the refusal does not say %q: %v", want, err)
		}
	}
}
