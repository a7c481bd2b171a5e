package userns

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

// What nodes get is containerd's default, plus exactly the one system call it
// takes to change the root, and a kinder refusal of another.
func TestSeccompDiffersFromDefaultByTheList(t *testing.T) {
	want := []specs.LinuxSyscall{
		{Names: []string{"pivot_root"}, Action: specs.ActAllow},
		{Names: []string{"keyctl"}, Action: specs.ActErrno, ErrnoRet: ptr.To(uint(38))},
	}
	for _, arch := range architectures {
		t.Run(arch, func(t *testing.T) {
			base, ours := containerdDefault(t, arch), parse(t, New().seccomp.data[arch])
			if diff := cmp.Diff(want, ours.Syscalls[len(base.Syscalls):]); diff != "" {
				t.Errorf("added: -want, +got:\n%s", diff)
			}
			ours.Syscalls = ours.Syscalls[:len(base.Syscalls)]
			if diff := cmp.Diff(base, ours); diff != "" {
				t.Errorf("changed: -containerd's, +ours:\n%s", diff)
			}
			for _, rule := range want {
				if mentions(base, rule.Names[0]) {
					t.Errorf("containerd's default knows %q already: take it off the list", rule.Names[0])
				}
			}
		})
	}
}

// The default must be the one for our capabilities: with a lesser set it would
// leave out what systemd needs first.
func TestSeccompDefaultFitsTheCapabilities(t *testing.T) {
	for _, arch := range architectures {
		base := containerdDefault(t, arch)
		for name, capability := range map[string]string{"mount": "SYS_ADMIN", "chroot": "SYS_CHROOT", "kcmp": "SYS_PTRACE"} {
			if !mentions(base, name) {
				t.Errorf("%s: %q is not allowed although the pod has %s", arch, name, capability)
			}
		}
		for name, capability := range map[string]string{"init_module": "SYS_MODULE", "reboot": "SYS_BOOT", "clock_settime": "SYS_TIME"} {
			if mentions(base, name) {
				t.Errorf("%s: %q is allowed although the pod does not have %s", arch, name, capability)
			}
		}
		if base.DefaultAction != specs.ActErrno {
			t.Errorf("%s: by default %s", arch, base.DefaultAction)
		}
	}
}

func TestSeccompArchitectures(t *testing.T) {
	for arch, want := range map[string]specs.Arch{"amd64": specs.ArchX86_64, "arm64": specs.ArchAARCH64} {
		found := false
		for _, got := range containerdDefault(t, arch).Architectures {
			found = found || got == want
		}
		if !found {
			t.Errorf("the profile for %s does not cover %s", arch, want)
		}
	}
}

func TestSeccompFiles(t *testing.T) {
	set := New().seccomp
	for _, arch := range architectures {
		profiletest.Golden(t, "seccomp-"+arch+".json", set.data[arch])
	}
	profiletest.Golden(t, "seccomp-hash.txt", []byte(set.hash+"\n"))
}

// Everything that has to agree on the name does.
func TestSeccompName(t *testing.T) {
	p := New()
	known := p.Knowledge().Seccomp
	shape := p.PodShape(profile.PodOptions{Seccomp: true})
	host, err := p.HostConfig(profile.HostOptions{ContainerdConfig: 3, Arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	if got := *shape.SecurityContext.SeccompProfile.LocalhostProfile; got != known.LocalhostProfile || got != host.Seccomp.Name {
		t.Errorf("the pod names %q, the node has %q, we know %q", got, host.Seccomp.Name, known.LocalhostProfile)
	}
	want := map[string]string{known.NodeLabel: known.NodeLabelValue}
	if diff := cmp.Diff(want, shape.NodeSelector); diff != "" {
		t.Errorf("the pod's node selector: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, host.NodeLabels); diff != "" {
		t.Errorf("the node's labels: -want, +got:\n%s", diff)
	}
	hash := strings.TrimPrefix(known.NodeLabel, v1alpha1.NodeLabelSeccompPrefix)
	if known.LocalhostProfile != "vclusterctl/vclusterctl-"+hash+".json" || len(hash) != hashLength {
		t.Errorf("hash %q, file %q", hash, known.LocalhostProfile)
	}
}

// Another content has another name, or nodes would keep an old one.
func TestSeccompNameFollowsContent(t *testing.T) {
	less, err := New().Without(profile.KindAbsentSyscall, "keyctl")
	if err != nil {
		t.Fatal(err)
	}
	if less.seccomp.hash == New().seccomp.hash {
		t.Error("two profiles have one name")
	}
	if mentions(parse(t, less.seccomp.data["amd64"]), "keyctl") {
		t.Error("keyctl is still in it")
	}
}

func containerdDefault(t *testing.T, arch string) specs.LinuxSeccomp {
	t.Helper()
	base, err := defaultSeccomp(arch)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func parse(t *testing.T, data []byte) specs.LinuxSeccomp {
	t.Helper()
	var s specs.LinuxSeccomp
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func mentions(s specs.LinuxSeccomp, name string) bool {
	for _, rule := range s.Syscalls {
		if slices.Contains(rule.Names, name) {
			return true
		}
	}
	return false
}
