package e2e

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// The node pod is unprivileged, by its spec and as the machine sees it, and a
// healthy machine from within.
func testNodePod(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	vc := s.shared()
	pod := s.pod(vc)
	s.checkSpec(&pod.Spec)
	s.checkFromOutside(pod)
	s.checkFromWithin(vc)
}

func (s *scene) checkSpec(spec *corev1.PodSpec) {
	if ptr.Deref(spec.HostUsers, true) {
		s.Error("the pod does not ask for a user namespace of its own")
	}
	if spec.HostNetwork || spec.HostPID || spec.HostIPC {
		s.Error("the pod shares a namespace with the host")
	}
	if ptr.Deref(spec.AutomountServiceAccountToken, true) {
		s.Error("the pod asks for a token of the host's API")
	}
	for _, v := range spec.Volumes {
		if v.HostPath != nil {
			s.Errorf("volume %q is path %q of the host", v.Name, v.HostPath.Path)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ServiceAccountToken != nil {
				s.Errorf("volume %q holds a token of the host's API", v.Name)
			}
		}
	}
	for _, c := range spec.Containers {
		s.checkContainer(c)
	}
}

func (s *scene) checkContainer(c corev1.Container) {
	security := c.SecurityContext
	if ptr.Deref(security.Privileged, false) {
		s.Errorf("container %q is privileged", c.Name)
	}
	seccomp := security.SeccompProfile
	if seccomp == nil || seccomp.Type != corev1.SeccompProfileTypeLocalhost {
		s.Errorf("container %q does not use the seccomp profile that the node announces: %v", c.Name, seccomp)
	}
}

// checkFromOutside looks at PID 1 of the pod from the machine, where no tenant
// can colour what is seen.
func (s *scene) checkFromOutside(pod *corev1.Pod) {
	init, err := harness.InitOf(pod)
	s.must(err)
	for _, file := range []string{"uid_map", "gid_map"} {
		data, err := os.ReadFile(init + "/" + file)
		s.must(err)
		ranges := strings.Split(strings.TrimSpace(string(data)), "\n")
		for _, r := range ranges {
			if f := strings.Fields(r); len(f) != 3 || f[1] == "0" {
				s.Errorf("%s of the pod's PID 1 maps to root of the machine: %q", file, data)
			}
		}
	}
	effective, err := harness.StatusField(init, "CapEff")
	s.must(err)
	if want := capabilityMask(profile.Names(userns.New().Knowledge().Requirements, profile.KindCapability)); effective != want {
		s.Errorf("effective capabilities of PID 1: got %s, want %s", effective, want)
	}
	seccomp, err := harness.StatusField(init, "Seccomp")
	s.must(err)
	if seccomp != "2" {
		s.Errorf("seccomp mode of PID 1: got %s, want 2 (filter)", seccomp)
	}
	if name, err := harness.StatusField(init, "Name"); err != nil || name != "systemd" {
		s.Errorf("PID 1 of the pod is %q (%v), not systemd", name, err)
	}
}

func (s *scene) checkFromWithin(vc *v1alpha1.VirtualCluster) {
	// A cluster can be ready before the last unit of its first boot is done.
	if got := s.shell(vc, "timeout 120 systemctl is-system-running --wait || true"); got != "running" {
		s.Errorf("systemctl is-system-running: got %q, want running", got)
	}
	if got := s.shell(vc, "systemctl list-units --failed --plain --no-legend --no-pager"); got != "" {
		s.Errorf("units have failed:\n%s", got)
	}
	for _, unit := range s.distro.SteadyUnits {
		if got := s.shell(vc, "systemctl show --property=NRestarts,ActiveState "+unit); got != "NRestarts=0\nActiveState=active" {
			s.Errorf("unit %q: want it active and never restarted, got:\n%s", unit, got)
		}
		if got := s.shell(vc, "journalctl --quiet --boot --no-pager --output=short-monotonic --priority=warning --unit="+unit); got != "" {
			s.Errorf("the journal of unit %q has warnings:\n%s", unit, got)
		}
	}
}
