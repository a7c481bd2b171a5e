//go:build linux

package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMountsBelow(t *testing.T) {
	const mountinfo = `27 1 254:0 / / rw - ext4 /dev/vda rw
50 27 0:40 / /run/vclusterctl/host/root rw,relatime - overlay overlay rw
51 27 0:41 / /run/vclusterctl/hostel rw - tmpfs tmpfs rw
52 27 0:4 net:[4026532] /run/netns/vclusterctl-host rw shared:3 - nsfs nsfs rw
half
`
	want := []string{"mount /run/vclusterctl/host/root", "mount /run/netns/vclusterctl-host"}
	got := mountsBelow(mountinfo, "/run/vclusterctl/host", "/run/netns/vclusterctl-host")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("\nA name that only begins alike is another host's.\nmountsBelow(...): -want, +got:\n%s", diff)
	}
	if got := mountsBelow("", "/run/vclusterctl/host"); got != nil {
		t.Errorf("mountsBelow(...) of nothing: got %q", got)
	}
}

func TestParseCapabilities(t *testing.T) {
	cases := map[string]struct {
		reason string
		status string
		want   []string
		fails  bool
	}{
		"Few":     {reason: "Names follow the kernel's numbers.", status: "Name:\tx\nCapEff:\tffff\nCapBnd:\t0000000000201000\n", want: []string{"CAP_NET_ADMIN", "CAP_SYS_ADMIN"}},
		"None":    {reason: "An empty set is a set.", status: "CapBnd:\t0000000000000000\n"},
		"Newer":   {reason: "A bit without a name is left out: the runtime would not know it.", status: "CapBnd:\t8000000000000001\n", want: []string{"CAP_CHOWN"}},
		"Missing": {reason: "Without the line nothing is guessed.", status: "Name:\tx\n", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseCapabilities(tc.status)
			if (err != nil) != tc.fails {
				t.Fatalf("\n%s\nparseCapabilities(...): got error %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nparseCapabilities(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestImageDigest(t *testing.T) {
	const table = `REF                                 TYPE                                                 DIGEST        SIZE      PLATFORMS   LABELS
localhost/vclusterctl/node:v1.36.3  application/vnd.docker.distribution.manifest.v2+json sha256:aaaa   180.1 MiB linux/amd64 -
localhost/vclusterctl/node:v1.36.30 application/vnd.docker.distribution.manifest.v2+json sha256:bbbb   180.1 MiB linux/amd64 -
`
	if got := imageDigest(table, "localhost/vclusterctl/node:v1.36.3"); got != "sha256:aaaa" {
		t.Errorf("imageDigest(...): got %q", got)
	}
	if got := imageDigest(table, "localhost/vclusterctl/other:v1"); got != "" {
		t.Errorf("imageDigest(...) of an image that is not there: got %q", got)
	}
}

func TestConfigOf(t *testing.T) {
	got, err := configOf(`{"config":{"digest":"sha256:cccc"}}`)
	if err != nil || got != "sha256:cccc" {
		t.Errorf("configOf(...): got %q, %v", got, err)
	}
	if _, err := configOf("no JSON"); err == nil {
		t.Error("configOf(...) of nonsense: want an error")
	}
}

func TestParseUnits(t *testing.T) {
	got := parseUnits("kubelet.service loaded failed failed Kubernetes node agent\netcd.service loaded failed failed Datastore\n\n")
	if diff := cmp.Diff([]string{"etcd.service", "kubelet.service"}, got); diff != "" {
		t.Errorf("parseUnits(...): -want, +got:\n%s", diff)
	}
}
