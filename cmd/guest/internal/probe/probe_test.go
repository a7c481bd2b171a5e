package probe

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/facts"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
)

var errRefused = errors.New("operation not permitted")

func works() error   { return nil }
func refused() error { return errRefused }

// pod is a node on which everything works, but the programs that are denied.
func pod(denied ...string) node {
	return node{
		System: facts.System{
			Root: fstest.MapFS{
				"proc/1/comm":         {Data: []byte("systemd\n")},
				"proc/1/uid_map":      {Data: []byte("         0     131072      65536\n")},
				"proc/1/gid_map":      {Data: []byte("         0     131072      65536\n")},
				"proc/1/status":       {Data: []byte("Seccomp:\t2\n")},
				"proc/1/attr/current": {Data: []byte("unconfined\x00")},
				"proc/sys/net/bridge/bridge-nf-call-iptables": {Data: []byte("1\n")},
				"sys/fs/cgroup/cgroup.controllers":            {Data: []byte("cpuset cpu memory pids io\n")},
			},
			TryCgroup: works, TryOverlay: works, TryKmsg: works,
			Kernel: func() string { return "6.18.44" },
		},
		setSysctl: works,
		run: func(_ context.Context, c command) error {
			if slices.ContainsFunc(denied, func(word string) bool { return strings.Contains(strings.Join(c.args, " "), word) }) {
				return errRefused
			}
			return nil
		},
	}
}

// bad are the names of findings that are not ok.
func bad(r finding.Report) []string {
	var out []string
	for _, f := range r.Findings {
		if !f.OK {
			out = append(out, f.Name)
		}
	}
	return out
}

func TestGather(t *testing.T) {
	root := func(path, content string) func(*node) {
		return func(n *node) { n.Root.(fstest.MapFS)[path] = &fstest.MapFile{Data: []byte(content)} }
	}
	cases := map[string]struct {
		reason string
		denied []string
		change func(*node)
		want   []string
	}{
		"Good":        {reason: "Everything works."},
		"HostRoot":    {reason: "Root is root on the host.", change: root("proc/1/uid_map", "0 0 4294967295\n"), want: []string{finding.UserNamespace}},
		"NoMap":       {reason: "A map that cannot be read proves nothing.", change: root("proc/1/gid_map", ""), want: []string{finding.GroupMap}},
		"OddMap":      {reason: "Nor does one that nobody understands.", change: root("proc/1/gid_map", "0 x\n"), want: []string{finding.GroupMap}},
		"Shell":       {reason: "PID 1 is something else.", change: root("proc/1/comm", "sh\n"), want: []string{finding.Systemd}},
		"NoSeccomp":   {reason: "Nothing is filtered.", change: root("proc/1/status", "Seccomp:\t0\n"), want: []string{finding.Seccomp}},
		"NoCpuset":    {reason: "One controller is missing.", change: root("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n"), want: []string{finding.Controllers}},
		"Cgroup":      {reason: "The cgroup is read-only.", change: func(n *node) { n.TryCgroup = refused }, want: []string{finding.Cgroup}},
		"Overlay":     {reason: "The state is on overlayfs.", change: func(n *node) { n.TryOverlay = refused }, want: []string{finding.Overlay}},
		"Kmsg":        {reason: "It is the host's.", change: func(n *node) { n.TryKmsg = refused }, want: []string{finding.Kmsg}},
		"Sysctl":      {reason: "/proc/sys is read-only.", change: func(n *node) { n.setSysctl = refused }, want: []string{finding.Sysctls}},
		"NoFilter":    {reason: "Nodes stop without br_netfilter, which no pod can load.", change: func(n *node) { delete(n.Root.(fstest.MapFS), "proc/sys/net/bridge/bridge-nf-call-iptables") }, want: []string{finding.BridgeFilter}},
		"AppArmor":    {reason: "All mounts are denied.", denied: []string{"mount"}, want: []string{finding.Mount, finding.Procfs, finding.Sysfs}},
		"MaskedProc":  {reason: "Parts of /proc are masked.", denied: []string{"-t proc"}, want: []string{finding.Procfs}},
		"SysReadOnly": {reason: "As under a stock runc.", denied: []string{"-o nosuid,nodev,noexec sysfs"}, want: []string{finding.Sysfs}},
		"NoVXLAN":     {reason: "The module is missing.", denied: []string{"vxlan"}, want: []string{finding.VXLAN}},
		"NoNft":       {reason: "The kernel has no nftables.", denied: []string{"nft"}, want: []string{finding.Nftables}},
		"NoMatch":     {reason: "A match is missing.", denied: []string{"conntrack"}, want: []string{finding.Iptables}},
		"NoIpset":     {reason: "NetworkPolicies inside hold nobody.", denied: []string{"ipset"}, want: []string{finding.Ipset}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			n := pod(tc.denied...)
			if tc.change != nil {
				tc.change(&n)
			}
			got := gather(t.Context(), n)
			if diff := cmp.Diff(tc.want, bad(got)); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
			if data, err := got.Encode(); err != nil || len(data) > finding.MaxBytes {
				t.Errorf("the report does not fit: %d bytes, %v", len(data), err)
			}
		})
	}
}

// TestMountWithoutLabels: a kernel without AppArmor and SELinux has no such file
// to read.
func TestMountWithoutLabels(t *testing.T) {
	n := pod()
	delete(n.Root.(fstest.MapFS), "proc/1/attr/current")
	f, _ := gather(t.Context(), n).Get(finding.Mount)
	if !f.OK || f.Found != `a tmpfs was mounted (no label)` {
		t.Errorf("found %+v", f)
	}
}

// TestMountNamesTheLabel: which profile denies a mount is half of the remedy.
func TestMountNamesTheLabel(t *testing.T) {
	n := pod("tmpfs")
	n.Root.(fstest.MapFS)["proc/1/attr/current"] = &fstest.MapFile{Data: []byte("cri-containerd.apparmor.d (enforce)\n")}
	f, _ := gather(t.Context(), n).Get(finding.Mount)
	if f.OK || f.Found != `operation not permitted (label cri-containerd.apparmor.d (enforce))` {
		t.Errorf("found %+v", f)
	}
}

func TestLeave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "termination-log")
	if err := leave(path, []byte("x")); err == nil {
		t.Error("a file was made where the kubelet looks for none")
	}
	if err := os.WriteFile(path, []byte("something longer"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := leave(path, []byte("short")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "short" {
		t.Errorf("left %q, %v", got, err)
	}
}

func TestExecute(t *testing.T) {
	if err := execute(t.Context(), program("cat", "/does-not-exist")); err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("the program's words are lost: %v", err)
	}
	if err := execute(t.Context(), program("grep", "-q", "needle").with("a needle\n")); err != nil {
		t.Errorf("its input is lost: %v", err)
	}
	if err := execute(t.Context(), program("/no-such-program")); err == nil {
		t.Error("a program that is not there succeeded")
	}
}
