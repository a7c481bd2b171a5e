package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A cluster that asks for no distro gets k3s where the node image carries it and
// the host's nodes have what it insists on, otherwise k8s; and it says why.
func testDefaultDistro(t *testing.T) {
	s := begin(t, harness.Distro{})
	vc := s.create("plain")
	vc, err := harness.Await(s.within(stepTimeout), s.host.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		return vc.Status.Resolved != nil, "nothing was chosen yet:" + harness.Conditions(vc)
	})
	s.must(err)
	k3s := harness.Distros()[slices.IndexFunc(harness.Distros(), func(d harness.Distro) bool { return d.Name == v1alpha1.DistroK3s })]
	carried, missing := slices.Contains(world.carried, string(k3s.Name)), s.host.Missing(k3s)
	want, reasons := v1alpha1.DistroK8s, []string{"does not carry k3s"}
	switch {
	case carried && len(missing) == 0:
		want, reasons = v1alpha1.DistroK3s, []string{"default"}
	case carried:
		reasons = append([]string{harness.NodeName}, missing...)
	}
	got := vc.Status.Resolved
	if got.Distro != want {
		t.Errorf("distro: want %s, got %s: %s", want, got.Distro, got.DistroReason)
	}
	for _, words := range reasons {
		if !strings.Contains(got.DistroReason, words) {
			t.Errorf("the reason for %s does not say %q: %s", got.Distro, words, got.DistroReason)
		}
	}
	s.must(s.host.Delete(s.ctx, vc))
}
