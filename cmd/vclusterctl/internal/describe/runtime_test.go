package describe

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestRuntimes: each role's runtime is said where they differ, and nothing twice
// where they do not.
func TestRuntimes(t *testing.T) {
	cases := map[string]struct {
		reason  string
		runtime v1alpha1.RuntimeStatus
		pools   []string // the runtime of each
		want    []string
		silent  string
	}{
		"Alike":   {reason: "One word is enough.", runtime: v1alpha1.RuntimeStatus{Servers: "userns", Pools: "userns"}, pools: []string{"userns"}, want: []string{"Runtime: userns\n"}, silent: "under"},
		"Servers": {reason: "Servers have another.", runtime: v1alpha1.RuntimeStatus{Servers: "gvisor", Pools: "userns"}, pools: []string{"userns"}, want: []string{"Runtime: gvisor (servers), userns (pools)\n", "1 of 1 ready, the control plane only\n"}, silent: "under"},
		"Pools":   {reason: "Pools differ.", runtime: v1alpha1.RuntimeStatus{Servers: "gvisor", Pools: "userns,sysbox"}, pools: []string{"userns", "sysbox"}, want: []string{"userns,sysbox (pools)", "ready, under userns\n", "ready, under sysbox\n"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := readyCluster()
			vc.Status.Runtime, vc.Status.Pools = &tc.runtime, nil
			vc.Status.Resolved.ControlPlaneOnly = ptr.To(tc.runtime.Servers == "gvisor")
			for i, runtime := range tc.pools {
				vc.Status.Pools = append(vc.Status.Pools, v1alpha1.PoolStatus{Name: string(rune('a' + i)), Runtime: runtime})
			}
			var b strings.Builder
			if err := Write(&b, Input{Cluster: vc, Now: now}); err != nil {
				t.Fatal(err)
			}
			said := strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == ' ' || r == '\t' }), " ")
			for _, want := range tc.want {
				if !strings.Contains(said, want) {
					t.Errorf("%s it does not say %q:\n%s", tc.reason, want, said)
				}
			}
			if tc.silent != "" && strings.Contains(said, tc.silent) {
				t.Errorf("%s it says %q:\n%s", tc.reason, tc.silent, said)
			}
		})
	}
}
