package inside

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// controllers that a kubelet enforces limits with.
var controllers = []string{"cpu", "cpuset", "memory", "pids"}

// The machine is what it is to be: a test that passes on another one proves
// nothing.
func TestMachine(t *testing.T) {
	s := begin(t)
	for path, want := range map[string]string{
		"/proc/1/comm": "systemd",
		"/sys/module/apparmor/parameters/enabled": "Y",
		"/etc/debian_version":                     "13",
	} {
		if got := s.read(path); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if mounts := s.read("/proc/mounts"); strings.Contains(mounts, " cgroup ") || !strings.Contains(mounts, " /sys/fs/cgroup cgroup2 ") {
		t.Errorf("cgroup v2 is not alone:\n%s", mounts)
	}
	if _, err := os.Stat("/lib/modules/" + s.read("/proc/sys/kernel/osrelease")); err != nil {
		t.Errorf("the kernel has no modules to load: %v", err)
	}
	s.hasControllers(s.read("/sys/fs/cgroup/cgroup.controllers"))
}

// The embedded host has what the machine has, and does nothing in between.
func TestHost(t *testing.T) {
	s := begin(t)
	s.hasControllers(strings.Join(host.Status.Report.Facts.CgroupControllers, " "))
	if d := host.Status.Report.Degraded; len(d) > 0 {
		t.Errorf("the host's node degrades: %+v", d)
	}
	s.noWrapper(s.onNode("cat /run/vcluster/containerd.toml /etc/vcluster/containerd.d/*.toml"))
	if got := s.onNode("grep cgroupDriver /run/vcluster/kubelet.yaml"); got != "cgroupDriver: systemd" {
		t.Errorf("the kubelet's cgroup driver: got %q", got)
	}
	if got := s.onNode("grep -c cgroupsPerQOS /run/vcluster/kubelet.yaml || true"); got != "0" {
		t.Error("the kubelet does not keep cgroups per quality of service")
	}
}

// noWrapper reads a configuration of containerd.
func (s *scene) noWrapper(config string) {
	s.Helper()
	if strings.Contains(config, "vcluster-oci") {
		s.Errorf("containerd uses the wrapper:\n%s", config)
	}
	if strings.Contains(config, "SystemdCgroup = false") || !strings.Contains(config, "SystemdCgroup = true") {
		s.Errorf("containerd does not use the systemd cgroup driver:\n%s", config)
	}
}

func (s *scene) hasControllers(list string) {
	s.Helper()
	for _, want := range controllers {
		if !slices.Contains(strings.Fields(list), want) {
			s.Errorf("controller %q is not among %q", want, list)
		}
	}
}

func (s *scene) read(path string) string {
	s.Helper()
	data, err := os.ReadFile(path)
	s.must(err)
	return strings.TrimSpace(string(data))
}
