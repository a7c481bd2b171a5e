package verbs

import (
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestInstallOwnKernels: one flag tells the controller and the policy.
func TestInstallOwnKernels(t *testing.T) {
	cases := map[string]struct {
		reason, pattern string
		code            int
		says            []string
	}{
		"Good": {reason: "Users may name it, and its pods are let in.", pattern: "kata-*", says: []string{`--allow-runtime-class=kata-*`, `"vclusterctl-gvisor","kata-*"]`}},
		"Bad":  {reason: "What can be no name is refused before anything is sent.", pattern: `x"]`, code: cli.ExitUsage, says: []string{"--allow-own-kernel-class", "kata-*"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			code, said := call(t, f, NewCmdInstall(f, nil), "--dry-run=client", "-o", "yaml", "--allow-own-kernel-class", tc.pattern)
			if code != tc.code {
				t.Fatalf("%s\ngot exit code %d, want %d: %s", tc.reason, code, tc.code, said)
			}
			for _, want := range tc.says {
				if !strings.Contains(said+stdout(f), want) {
					t.Errorf("%s\n%q is missing from:\n%s%s", tc.reason, want, said, stdout(f))
				}
			}
		})
	}
}
