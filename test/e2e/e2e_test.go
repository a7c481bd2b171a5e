package e2e

import (
	"strings"
	"testing"
)

// TestInstall is about the program and the controller before there is any
// cluster.
func TestInstall(t *testing.T) {
	s := enter(t, "default")
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

// TestVirtualClusters is what must hold while a host runs.
func TestVirtualClusters(t *testing.T) {
	s := enter(t, "default")
	s.must(s.host.OfferVersion(s.ctx, missingVersion, missingRef))
	for _, tc := range []struct {
		name string
		run  func(*testing.T)
	}{
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
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(t)
		})
	}
}

// TestHostChanges is what must hold when the host itself changes under the
// clusters. It comes last, and one thing happens after the other.
func TestHostChanges(t *testing.T) {
	t.Run("RuntimeClass", testRuntimeClass)
	t.Run("Restart", testRestart)
}
