package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/images"
)

func TestAbilities(t *testing.T) {
	k8s := "k8s=" + images.KubernetesVersion
	cases := map[string]struct {
		reason      string
		controllers []string
		k3s         string
		missing     any
		distros     string
	}{
		"All":  {reason: "An earlier label goes.", controllers: []string{"cpu", "cpuset", "io", "memory", "pids"}, distros: k8s},
		"Some": {reason: "What is missing is named.", controllers: []string{"cpu", "memory", "pids"}, missing: "cpuset", distros: k8s},
		"None": {reason: "In the form of a label.", k3s: "v1.36.3+k3s1", missing: "cpu.cpuset.memory.pids", distros: k8s + ",k3s=v1.36.3+k3s1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := map[string]any{"metadata": map[string]any{
				"labels":      map[string]any{"cgroup.vclusterctl.dev/missing": tc.missing},
				"annotations": map[string]any{"vclusterctl.dev/distros": tc.distros},
			}}
			if diff := cmp.Diff(want, abilities(tc.controllers, tc.k3s)); diff != "" {
				t.Errorf("%s -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
