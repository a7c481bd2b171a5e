package node

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func serverInputs(change func(*Inputs)) Inputs {
	in := Inputs{
		Config: guestapi.NodeConfig{
			APIVersion:     guestapi.ConfigVersion,
			Role:           guestapi.RoleServer,
			Distro:         "k8s",
			NodeNamePrefix: "server-",
			PodCIDR:        "10.244.0.0/16",
			ServiceCIDR:    "10.96.0.0/16",
			ClusterDomain:  "cluster.local",
			ExtraSANs:      []string{"dev-api.default.svc", "10.215.7.7"},
		},
		Facts: guestapi.Facts{
			CgroupControllers: []string{"cpu", "cpuset", "io", "memory", "pids"},
			CgroupWritable:    true,
			Snapshotter:       "overlayfs",
		},
		Name:        "server-0",
		IP:          netip.MustParseAddr("10.214.0.9"),
		Nameservers: []string{"10.215.0.10"},
		Version:     "v1.36.3",
		Images: Images{
			Pause:             "localhost/vclusterctl/pause:1",
			CoreDNSRepository: "localhost/vclusterctl",
			CoreDNSTag:        "v1.14.2",
			LocalPath:         "localhost/vclusterctl/local-path-provisioner:v0.0.30",
			Helper:            "localhost/vclusterctl/busybox:1.37",
		},
		JoinToken: "abcdef.0123456789abcdef",
	}
	if change != nil {
		change(&in)
	}
	return in
}

// k3sInputs makes the node one of K3s.
func k3sInputs(in *Inputs) {
	in.Config.Distro = guestapi.DistroK3s
	in.Version = "v1.36.3+k3s1"
	in.Facts.UIDMap = []string{"0 131072 65536"}
	in.JoinToken, in.JoinCA, in.ServerToken = "an-agent-token", "a certificate\n", "a-server-token"
}

// withMirrors gives the node mirrors of every form.
func withMirrors(in *Inputs) {
	in.Config.RegistryMirrors = []guestapi.RegistryMirror{
		{Host: "docker.io", Endpoints: []string{"https://mirror.example.com/v2/hub", "http://10.0.0.8:5000"}},
		{Host: "registry.example.com:5000", Endpoints: []string{"https://mirror.example.com/v2"}},
		{Host: "*", Endpoints: []string{"https://mirror.example.com/"}},
	}
}

func TestFilesRefuses(t *testing.T) {
	tests := map[string]struct {
		reason string
		change func(*Inputs)
		want   string
	}{
		"OldVersion": {
			reason: "A config of another version may mean something else.",
			change: func(in *Inputs) { in.Config.APIVersion = "guest.vclusterctl.dev/v0" },
			want:   "apiVersion",
		},
		"UnknownDistro": {
			reason: "There is no such distro.",
			change: func(in *Inputs) { in.Config.Distro = "k0s" },
			want:   "distro",
		},
		"LackedDistro": {
			reason: "A distro that the image lacks can't be started.",
			change: func(in *Inputs) { k3sInputs(in); in.Version = "" },
			want:   `distro: "k3s" is not carried`,
		},
		"UnknownRole": {
			reason: "Neither a server nor an agent.",
			change: func(in *Inputs) { in.Config.Role = "spare" },
			want:   "role",
		},
		"AgentWithoutEndpoint": {
			reason: "An agent with nowhere to join would wait for ever.",
			change: func(in *Inputs) { in.Config.Role = guestapi.RoleAgent },
			want:   "joinEndpoint",
		},
		"BadPodCIDR": {
			reason: "Not a range.",
			change: func(in *Inputs) { in.Config.PodCIDR = "10.0.0.0" },
			want:   "podCIDR",
		},
		"TinyServiceCIDR": {
			reason: "The cluster DNS takes the tenth address.",
			change: func(in *Inputs) { in.Config.ServiceCIDR = "10.96.0.0/30" },
			want:   "serviceCIDR",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Files(serverInputs(tc.change))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("%s\nFiles(): want an error about %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestUserConfigWins(t *testing.T) {
	files, err := Files(serverInputs(func(in *Inputs) {
		in.Config.Config = map[string]string{
			"kube-apiserver.event-ttl":        "2h",
			"kube-apiserver.audit-log-format": `a b"c`,
			"kube-controller-manager.v":       "4",
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		switch f.Path {
		case ArgsDir + "/kube-apiserver":
			if !strings.Contains(f.Content, " --event-ttl=2h ") {
				t.Errorf("a raw flag is missing: %s", f.Content)
			}
			if !strings.Contains(f.Content, `"\"--audit-log-format=a b\\\"c\""`) {
				t.Errorf("a value with a blank and a quote is not protected: %s", f.Content)
			}
		case ArgsDir + "/kube-scheduler":
			if strings.Contains(f.Content, "--v=4") {
				t.Errorf("a flag reached the wrong component: %s", f.Content)
			}
		}
	}
}

func TestUsernsGate(t *testing.T) {
	tests := map[string]struct {
		reason  string
		version string
		uidMap  string
		want    bool
	}{
		"Pod":     {reason: "The kubelet of 1.36 fails on /dev/kmsg unless it is told.", version: "v1.36.3+k3s1", uidMap: "0 131072 65536", want: true},
		"Last":    {reason: "So does the last one of 1.36.", version: "v1.36.99+k3s1", uidMap: "0 131072 65536", want: true},
		"First":   {reason: "From 1.37 on the kubelet finds out by itself.", version: "v1.37.0+k3s1", uidMap: "0 131072 65536"},
		"Newer":   {reason: "And so in what comes later.", version: "v1.37.1+k3s1", uidMap: "0 131072 65536"},
		"Machine": {reason: "Outside user namespaces real errors must stay errors.", version: "v1.36.3+k3s1", uidMap: "0 0 4294967295"},
		"Odd":     {reason: "Of an unknown version the gate does no harm.", version: "vx", uidMap: "0 131072 65536", want: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := serverInputs(k3sInputs)
			in.Version, in.Facts.UIDMap = tc.version, []string{tc.uidMap}
			if got := (k3s{&plan{Inputs: in}}).usernsGate(); got != tc.want {
				t.Errorf("%s got %t", tc.reason, got)
			}
			if told := strings.Contains(configOf(t, in, k3sKubeletDir), "KubeletInUserNamespace: true"); told != tc.want {
				t.Errorf("%s the kubelet is told: %t", tc.reason, told)
			}
		})
	}
}

// configOf is the one file of a node in a folder.
func configOf(t *testing.T, in Inputs, dir string) string {
	t.Helper()
	files, err := Files(in)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f File) bool { return filepath.Dir(f.Path) == dir })
	if i < 0 {
		t.Fatalf("there is no file in %s", dir)
	}
	return files[i].Content
}

func TestK3sRestrictsOOMScores(t *testing.T) {
	tests := map[string]struct {
		reason string
		uidMap string
		want   bool
	}{
		"Pod":     {reason: "In a user namespace K3s does it by itself.", uidMap: "0 131072 65536"},
		"Machine": {reason: "A container's root may lack the right to lower scores.", uidMap: "0 0 4294967295", want: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := serverInputs(k3sInputs)
			in.Facts.UIDMap = []string{tc.uidMap}
			if got := strings.Contains((k3s{&plan{Inputs: in}}).containerd().Content, "restrict_oom_score_adj = true"); got != tc.want {
				t.Errorf("%s got %t", tc.reason, got)
			}
		})
	}
}
