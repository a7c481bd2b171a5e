package host

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// The plan for a node that runs says what the profile says of a node that boots.
func TestRuntimeFor(t *testing.T) {
	p := userns.New()
	got, err := RuntimeFor(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, controllers := range map[string][]string{"None": nil, "All": {"cpu", "cpuset", "io", "memory", "pids"}} {
		t.Run(name, func(t *testing.T) {
			o := profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true, Arch: runtime.GOARCH}
			if controllers == nil {
				o.BinaryName = node.OCIWrapper
			}
			want, err := p.HostConfig(o)
			if err != nil {
				t.Fatal(err)
			}
			dropIns, err := got.Containerd(controllers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string][]byte{want.Containerd.Name: want.Containerd.Data}, dropIns); diff != "" {
				t.Errorf("containerd: -want, +got:\n%s", diff)
			}
			if diff := cmp.Diff(map[string][]byte{want.Seccomp.Name: want.Seccomp.Data}, got.Seccomp); diff != "" {
				t.Errorf("seccomp: -want, +got:\n%s", diff)
			}
			if diff := cmp.Diff(want.NodeLabels, got.NodeLabels); diff != "" {
				t.Errorf("labels: -want, +got:\n%s", diff)
			}
		})
	}
}
