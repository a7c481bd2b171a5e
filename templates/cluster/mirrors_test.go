package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func withMirror() Input {
	in := full()
	in.Spec.Registries.Mirrors = []v1alpha1.RegistryMirror{{Host: "docker.io", Endpoints: []string{"https://b.example", "https://a.example"}}}
	return in
}

// TestMirrors: every node is told the mirrors, in the order they are asked.
func TestMirrors(t *testing.T) {
	in := withMirror()
	want := []guestapi.RegistryMirror{{Host: "docker.io", Endpoints: []string{"https://b.example", "https://a.example"}}}
	for _, g := range append([]Group{Servers(in.Spec)}, Pools(in.Spec)...) {
		if diff := cmp.Diff(want, NodeConfig(in, g).RegistryMirrors); diff != "" {
			t.Errorf("group %q: -want +got:\n%s", g.Name, diff)
		}
	}
}

// TestMirrorsOfOldGuests: a guest that does not know the field would not boot
// with it.
func TestMirrorsOfOldGuests(t *testing.T) {
	in := withMirror()
	group := Servers(in.Spec)
	old, err := nodeYAML(full(), group)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := keptYAML(in, group, &corev1.ConfigMap{Data: map[string]string{keyNodeConfig: string(old)}})
	if err != nil {
		t.Fatal(err)
	}
	for reason, data := range map[string][]byte{"without mirrors": old, "of an older template": kept} {
		if slices.ContainsFunc(strings.Split(string(data), "\n"), func(line string) bool { return strings.HasPrefix(line, "registryMirrors") }) {
			t.Errorf("a cluster %s is told of mirrors:\n%s", reason, data)
		}
	}
}
