package node

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/golden"
)

// goldenCase is a node by what makes it another one than a server in a pod.
type goldenCase struct {
	reason string
	change func(*Inputs)
}

// asWorker makes the node one of a pool.
func asWorker(in *Inputs, name, endpoint string) {
	in.Name, in.ServerToken = name, ""
	in.Config.Role, in.Config.NodeNamePrefix = guestapi.RoleAgent, "work-"
	in.Config.JoinEndpoint = endpoint
}

func testGolden(t *testing.T, tests map[string]goldenCase) {
	t.Helper()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			files, err := Files(serverInputs(tc.change))
			if err != nil {
				t.Fatalf("%s\nFiles(): %v", tc.reason, err)
			}
			golden.Check(t, filepath.Join("testdata", name+".txt"), tc.reason, []byte(render(files)))
		})
	}
}

func TestFilesGolden(t *testing.T) {
	testGolden(t, map[string]goldenCase{
		"server": {reason: "A server in a pod with every controller delegated."},
		"server-without-controllers": {
			reason: "Without cgroup controllers runc is wrapped and the kubelet enforces nothing.",
			change: func(in *Inputs) { in.Facts.CgroupControllers = []string{"hugetlb"} },
		},
		"server-control-plane": {
			reason: "A control plane alone has nothing that runs pods.",
			change: func(in *Inputs) { in.Config.ControlPlaneOnly = true },
		},
		"host": {
			reason: "The embedded host enforces NetworkPolicy and offers storage.",
			change: func(in *Inputs) {
				in.Name = "host-0"
				in.Config.NodeNamePrefix = "host-"
				in.Config.Bare, in.Config.NetworkPolicy, in.Config.LocalStorage = true, true, true
				in.Config.NodeLabels = map[string]string{"seccomp.vclusterctl.dev/0123456789ab": "present"}
			},
		},
		"agent": {
			reason: "A pool node joins through the API Service and has no control plane.",
			change: func(in *Inputs) {
				asWorker(in, "work-1", "dev-api.default.svc:6443")
				in.Config.NodeTaints = []string{"gpu=yes:NoSchedule"}
			},
		},
		"agent-mirrors": {
			reason: "containerd gets a folder per registry, and a word where they are.",
			change: func(in *Inputs) {
				withMirrors(in)
				asWorker(in, "work-0", "dev-api.default.svc:6443")
			},
		},
	})
}

func TestFilesGoldenK3s(t *testing.T) {
	testGolden(t, map[string]goldenCase{
		"k3s-agent-mirrors": {
			reason: "K3s makes containerd's files of one of its own.",
			change: func(in *Inputs) {
				k3sInputs(in)
				withMirrors(in)
				asWorker(in, "work-0", "10.215.7.7:6443")
			},
		},
		"k3s-server": {
			reason: "A server of K3s with a volume: our etcd, K3s's own enforcement of NetworkPolicy.",
			change: func(in *Inputs) { k3sInputs(in); in.Config.NetworkPolicy, in.Config.LocalStorage = true, true },
		},
		"k3s-server-ephemeral": {
			reason: "State that is lost with the pod needs no etcd. Raw settings go to K3s, its components and etcd.",
			change: func(in *Inputs) {
				k3sInputs(in)
				in.Config.Datastore = guestapi.DatastoreSQLite
				in.Facts.CgroupControllers = []string{"hugetlb"}
				in.Config.Config = map[string]string{
					"kubelet.max-pods": "20", "kube-apiserver.event-ttl": "2h", "kube-apiserver.v": "1",
					"debug": "true", "service-node-port-range": "30000-30100", "etcd.quota-backend-bytes": "1",
					"image-credential-provider-config": "/a\n/b\n",
				}
			},
		},
		"k3s-agent": {
			reason: "A pool node of K3s pins its cluster's authority and has none of the server's secrets.",
			change: func(in *Inputs) {
				k3sInputs(in)
				asWorker(in, "work-1", "10.215.7.7:6443")
				in.Config.NodeTaints = []string{"gpu=yes:NoSchedule"}
				in.Config.NodeLabels = map[string]string{"b": "2", "a": "1"}
				in.Config.Config = map[string]string{"kubelet.max-pods": "20", "kube-apiserver.event-ttl": "2h"}
			},
		},
		"k3s-agent-config": {
			reason: "Keys of K3s that only servers know would end the agent; the others reach it.",
			change: func(in *Inputs) {
				k3sInputs(in)
				asWorker(in, "work-0", "10.215.7.7:6443")
				in.Config.Config = map[string]string{
					"service-node-port-range": "30000-30999", "secrets-encryption": "true", "disable-helm-controller": "true",
					"kubelet.max-pods": "20", "debug": "true", "nonroot-devices": "true",
				}
			},
		},
	})
}

func render(files []File) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "=== %s %o\n%s", f.Path, f.Mode, f.Content)
	}
	return b.String()
}
