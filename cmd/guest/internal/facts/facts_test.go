package facts

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var errRefused = errors.New("refused")

func ok() error      { return nil }
func refused() error { return errRefused }

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

func TestGather(t *testing.T) {
	tests := map[string]struct {
		reason string
		sys    System
		want   guestapi.Facts
	}{
		"UnprivilegedPod": {
			reason: "What PID 1 of a pod with a user namespace and our seccomp profile shows.",
			sys: System{
				Root: fstest.MapFS{
					"proc/1/uid_map":                   file("         0     131072      65536\n"),
					"proc/1/gid_map":                   file("         0     131072      65536\n"),
					"proc/1/status":                    file("Name:\tsystemd\nCapEff:\t0000000000281000\nNoNewPrivs:\t0\nSeccomp:\t2\n"),
					"sys/fs/cgroup/cgroup.controllers": file("pids memory cpu\n"),
				},
				TryCgroup: ok, TryOverlay: ok, TryKmsg: refused,
				Kernel: func() string { return "6.18.44" },
			},
			want: guestapi.Facts{
				UIDMap:            []string{"0 131072 65536"},
				GIDMap:            []string{"0 131072 65536"},
				Capabilities:      []string{"CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"},
				SeccompMode:       "filter",
				CgroupControllers: []string{"cpu", "memory", "pids"},
				CgroupWritable:    true,
				Snapshotter:       "overlayfs",
				Kernel:            "6.18.44",
			},
		},
		"NothingReadable": {
			reason: "What can't be determined stays empty instead of looking safe.",
			sys: System{
				Root:      fstest.MapFS{},
				TryCgroup: refused, TryOverlay: refused, TryKmsg: refused,
				Kernel: func() string { return "" },
			},
			want: guestapi.Facts{Snapshotter: "native"},
		},
		"FutureCapability": {
			reason: "A bit newer than this program is shown by number, never dropped.",
			sys: System{
				Root:      fstest.MapFS{"proc/1/status": file("CapEff:\t8000000000000001\nNoNewPrivs:\t1\nSeccomp:\t0\n")},
				TryCgroup: ok, TryOverlay: ok, TryKmsg: ok,
				Kernel: func() string { return "" },
			},
			want: guestapi.Facts{
				Capabilities: []string{"CAP_63", "CAP_CHOWN"}, SeccompMode: "disabled", NoNewPrivs: true,
				CgroupWritable: true, Snapshotter: "overlayfs", Kmsg: true,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Gather(tc.sys)); diff != "" {
				t.Errorf("%s\nGather(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
