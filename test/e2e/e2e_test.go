package e2e

import "testing"

// TestVirtualClusters is what must hold while a host runs.
func TestVirtualClusters(t *testing.T) {
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
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(t)
		})
	}
}
