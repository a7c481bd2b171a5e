package images

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestVersionsMatchTheModules(t *testing.T) {
	cases := map[string]struct {
		reason string
		module string
		want   string
	}{
		"kubernetes":             {"one binary of everything", "k8s.io/kubernetes", KubernetesVersion},
		"etcd":                   {"server", "go.etcd.io/etcd/server/v3", EtcdVersion},
		"containerd":             {"daemon and shim", "github.com/containerd/containerd/v2", ContainerdVersion},
		"runc":                   {"runtime", "github.com/opencontainers/runc", RuncVersion},
		"cni":                    {"plug-ins", "github.com/containernetworking/plugins", CNIVersion},
		"flannel":                {"daemon", "github.com/flannel-io/flannel", FlannelVersion},
		"coredns":                {"cluster DNS", "github.com/coredns/coredns", CoreDNSVersion},
		"kube-router":            {"NetworkPolicy", "github.com/cloudnativelabs/kube-router/v2", KubeRouterVersion},
		"local-path-provisioner": {"storage", "github.com/rancher/local-path-provisioner", LocalPathVersion},
		"../../testbin/gvisor":   {"runsc and its shim, for tests", "gvisor.dev/gvisor", GVisorVersion},
	}
	for folder, tc := range cases {
		t.Run(folder, func(t *testing.T) {
			mod, err := os.ReadFile(filepath.Join("node/components", folder, "go.mod"))
			if err != nil {
				t.Fatal(err)
			}
			line := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(tc.module) + ` (\S+)`)
			found := line.FindSubmatch(mod)
			if found == nil || string(found[1]) != tc.want {
				t.Errorf("%s: go.mod requires %q at %q, want %q", tc.reason, tc.module, found, tc.want)
			}
		})
	}
}

func TestRefs(t *testing.T) {
	for _, image := range BundledImages() {
		if Ref(image.Name) != image.Ref {
			t.Errorf("Ref(%q) is %q, want %q", image.Name, Ref(image.Name), image.Ref)
		}
		if want := Repository() + "/" + image.Name + ":v"; !strings.HasPrefix(image.Ref, want) {
			t.Errorf("%q does not begin with %q: kubeadm composes references like that", image.Ref, want)
		}
	}
	if got := Ref("unknown"); got != "" {
		t.Errorf("Ref(unknown) is %q, want nothing", got)
	}
}
