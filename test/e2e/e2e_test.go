package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// TestInstall is about the program and the controller before there is any
// cluster.
func TestInstall(t *testing.T) {
	s := enter(t, harness.Distro{}, "default")
	r := s.run(s.host.InstallArgs()...)
	s.wantCode(r, 0)
	for line := range strings.Lines(r.Stdout) {
		if !strings.HasSuffix(line, " unchanged\n") {
			t.Errorf("the second install changes something: %s", line)
		}
	}
	if r.Stdout == "" || !strings.Contains(r.Stderr, "Nothing changed") {
		t.Errorf("the second install does not say that nothing changed: %s", r)
	}
}

// TestOwnRefusal is about distros that insist on what a host may not have.
func TestOwnRefusal(t *testing.T) {
	for _, d := range harness.Distros() {
		if len(d.Controllers) > 0 {
			t.Run(string(d.Name), func(t *testing.T) { testOwnRefusal(t, d) })
		}
	}
}

// feature is one entry of the table that is gone through for each distro.
type feature struct {
	name string
	run  func(*testing.T, harness.Distro)
}

// TestVirtualClusters is what must hold while a host runs.
func TestVirtualClusters(t *testing.T) {
	s := enter(t, harness.Distro{}, "default")
	s.must(s.host.OfferVersion(s.ctx, missingVersion, missingRef, v1alpha1.DistroK8s, v1alpha1.DistroK3s))
	s.must(s.host.OfferVersion(s.ctx, k8sOnlyVersion, missingRef, v1alpha1.DistroK8s))
	forEachDistro(t, true, []feature{
		{"NodePod", testNodePod},
		{"Workload", testWorkload},
		{"Requirements", testRequirements},
		{"Isolation", testIsolation},
		{"Pools", testPools},
		{"Replaced", testReplaced},
		{"Deletion", testDeletion},
		{"NamespaceDeletion", testNamespaceDeletion},
		{"RefusedByCRD", testRefusedByCRD},
		{"RefusedByController", testRefusedByController},
		{"PodSecurity", testPodSecurity},
		{"CLI", testCLI},
	})
}

// TestHostChanges is what must hold when the host itself changes under the
// clusters. It comes last, and one thing happens after the other.
func TestHostChanges(t *testing.T) {
	forEachDistro(t, false, []feature{
		{"RuntimeClass", testRuntimeClass},
		{"Restart", testRestart},
	})
}

// forEachDistro goes through the table for each distro. An entry for a distro
// that cannot run here is skipped, with the reason.
func forEachDistro(t *testing.T, atOnce bool, features []feature) {
	t.Helper()
	for _, d := range harness.Distros() {
		t.Run(string(d.Name), func(t *testing.T) {
			for _, f := range features {
				t.Run(f.name, func(t *testing.T) {
					if atOnce {
						t.Parallel()
					}
					skipWithout(t, d)
					f.run(t, d)
				})
			}
		})
	}
}

// skipWithout skips a test where a distro cannot run: the node image may not
// carry it, and the distro may refuse the host's node.
func skipWithout(t *testing.T, d harness.Distro) {
	t.Helper()
	skipUncarried(t, d)
	if len(d.Controllers) == 0 {
		return
	}
	refused, err := world.shared[d.Name]()
	if err != nil {
		t.Fatal(err)
	}
	if refused != "" {
		t.Skipf("%s does not run on this host: %s", d.Name, refused)
	}
}

func skipUncarried(t *testing.T, d harness.Distro) {
	t.Helper()
	if world.missing != nil {
		t.Skip(world.missing)
	}
	if !slices.Contains(world.carried, string(d.Name)) {
		t.Skipf("the node image carries no %s: give K3S_BINARY=/path/to/k3s to make", d.Name)
	}
}
