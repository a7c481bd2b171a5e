package e2e

import (
	"fmt"
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
	t.Run("DefaultDistro", func(t *testing.T) {
		t.Parallel()
		testDefaultDistro(t)
	})
	t.Run("Probe", func(t *testing.T) {
		t.Parallel()
		testProbe(t)
	})
	t.Run("ControlPlaneOnly", func(t *testing.T) {
		t.Parallel()
		testControlPlaneOnly(t)
	})
	t.Run("Requirements", func(t *testing.T) {
		t.Parallel()
		testRequirements(t)
	})
	forEachDistro(t, true, []feature{
		{"NodePod", testNodePod},
		{"Workload", testWorkload},
		{"Isolation", testIsolation},
		{"Mirrors", testMirrors},
		{"Pools", testPools},
		{"Replaced", testReplaced},
		{"Deletion", testDeletion},
		{"NamespaceDeletion", testNamespaceDeletion},
		{"Expiry", testExpiry},
		{"RefusedByCRD", testRefusedByCRD},
		{"RefusedByController", testRefusedByController},
		{"PodSecurity", testPodSecurity},
		{"CLI", testCLI},
		{"Doctor", testDoctor},
		{"Attach", testAttach},
		{"Tunnel", testTunnel},
		{"Run", testRun},
		{"TUI", testTUI},
	})
}

// TestFaults lets one round of each fault happen that is a cluster's own. No
// fault may lose what was acknowledged, or leave anything for a human to mend;
// and what the conditions say is true all the time.
func TestFaults(t *testing.T) {
	forEachDistro(t, true, []feature{
		{"Cluster", testFaults(clusterFaults)},
		{"StateFull", testStateFull},
		{"Restored", testRestored},
		{"Ephemeral", testEphemeral},
		{"ClockJump", testClockJump},
	})
}

// TestHostChanges is what must hold when the host itself changes under the
// clusters. It comes last, and one thing happens after the other.
func TestHostChanges(t *testing.T) {
	forEachDistro(t, false, []feature{
		{"RuntimeClass", testRuntimeClass},
		{"Faults", testFaults(hostFaults)},
		{"Restart", testRestart},
		{"RuntimeSetup", testRuntimeSetup},
	})
}

// forEachDistro goes through the table for each distro. An entry for a distro
// that cannot run here is skipped, with the reason.
func forEachDistro(t *testing.T, atOnce bool, features []feature) {
	t.Helper()
	for _, d := range harness.Distros() {
		t.Run(string(d.Name), func(t *testing.T) {
			if atOnce {
				t.Parallel()
			}
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

// skipWithout skips a test where a distro cannot run.
func skipWithout(t *testing.T, d harness.Distro) {
	t.Helper()
	if world.missing != nil {
		t.Skip(world.missing)
	}
	if why := notHere(t, d); why != "" {
		t.Skip(why)
	}
}

// notHere says why a distro cannot run: the node image does not carry it, or the
// distro itself refuses the host's node.
func notHere(t *testing.T, d harness.Distro) string {
	t.Helper()
	if why := notCarried(d); why != "" || len(world.host.Missing(d)) == 0 {
		return why
	}
	refused, err := world.shared[d.Name]()
	if err != nil {
		t.Fatal(err)
	}
	if refused != "" {
		return fmt.Sprintf("%s does not run on this host: %s", d.Name, refused)
	}
	return ""
}

func notCarried(d harness.Distro) string {
	if slices.Contains(world.carried, string(d.Name)) {
		return ""
	}
	return fmt.Sprintf("the node image carries no %s: give K3S_BINARY=/path/to/k3s to make", d.Name)
}
