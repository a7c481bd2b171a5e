package e2e

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A node pod is given nothing that it does not need: with any one requirement
// taken away it fails in the way that is written beside that requirement, and
// with none taken away the same trial succeeds.
//
// It is the runtime that needs them, whatever distro comes on top: none runs.
func testRequirements(t *testing.T) {
	s := begin(t, harness.Distro{})
	s.Run("All", func(t *testing.T) {
		words := s.in(t).trial("full", userns.New(), "")
		if !strings.Contains(words, ranInside) {
			t.Errorf("with everything it is given a node cannot run a container:\n%s", words)
		}
	})
	s.Run("Without", func(t *testing.T) {
		for _, r := range userns.New().Knowledge().Requirements {
			t.Run(r.Name, func(t *testing.T) {
				t.Parallel()
				s.in(t).checkWithout(r)
			})
		}
	})
}

func (s *scene) checkWithout(r profile.Requirement) {
	s.Helper()
	if r.Name == profile.SettingAppArmor && !appArmor() {
		s.Skip("this machine has no AppArmor, under which alone the setting means something")
	}
	less, err := userns.New().Without(r.Kind, r.Name)
	s.must(err)
	name := strings.ToLower(strings.ReplaceAll(r.Name, "_", "-"))
	words := s.trial(name, less, r.Name)
	if strings.Contains(words, ranInside) {
		s.Errorf("%s %q is not needed: without it a container runs inside; it is said to be for this: %s", r.Kind, r.Name, r.Reason)
	}
	if r.Symptom == "" || !strings.Contains(words, r.Symptom) {
		s.Errorf("without %s %q: want %q, got:\n%s", r.Kind, r.Name, r.Symptom, words)
	}
}

func appArmor() bool {
	data, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	return err == nil && strings.HasPrefix(string(data), "Y")
}

// ranInside is printed by the container of a trial.
const ranInside = "a container ran inside"

// runInside waits for the node and starts one container as the inner kubelet
// would: with the default capabilities, in a network namespace made before it.
// What does not come up before that explains itself in the journal.
const runInside = `
until systemctl is-system-running --wait 2>/dev/null | grep . ; do sleep 0.1; done
journalctl --quiet --no-pager --output=cat --unit=vcluster-prepare
oci=$(sed -n 's/.*BinaryName = "\(.*\)"/\1/p' /run/vcluster/containerd.toml)
ip netns add inner
ctr -n k8s.io images import ` + guestapi.BundledImageDir + `/busybox.tar
ctr -n k8s.io run --rm --runc-binary "${oci%% *}" --with-ns network:/run/netns/inner IMAGE inner echo ` + ranInside + `
true`

// trial boots a server of a given profile as far as its container runtime, tries
// to run a container in it, and returns all that was said.
func (s *scene) trial(name string, p profile.Profile, missing string) string {
	s.Helper()
	pod, err := s.host.BareServer(s.ctx, s.namespace, name, p, func(spec *corev1.PodSpec) {
		c := &spec.Containers[0]
		// The control plane is not needed to see what a container needs.
		c.Args = []string{"--unit=containerd.service"}
		// A PID 1 that dies says why on a console only.
		c.TTY = missing == "SYS_ADMIN"
	})
	s.must(err)
	s.Cleanup(func() {
		ctx, cancel := s.afterwards()
		defer cancel()
		_ = s.host.Delete(ctx, pod, client.GracePeriodSeconds(0))
	})
	ctx := s.within(stepTimeout)
	pod, err = harness.Await(ctx, s.host.Cluster, pod, func(p *corev1.Pod) (bool, string) {
		return p.Status.Phase == corev1.PodRunning || p.Status.Phase == corev1.PodFailed, string(p.Status.Phase)
	})
	s.must(err)
	if pod.Status.Phase == corev1.PodRunning {
		script := strings.Replace(runInside, "IMAGE", images.Ref(images.Busybox), 1)
		words, err := s.host.Exec(ctx, s.namespace, pod.Name, "sh", "-c", "exec 2>&1;"+script)
		if err == nil {
			return words
		}
	}
	words, err := s.host.Logs(ctx, s.namespace, pod.Name, 20)
	s.must(err)
	return words
}
