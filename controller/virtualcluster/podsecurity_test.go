package virtualcluster

import (
	"testing"

	"github.com/vclusterctl/vclusterctl/runtime/catalog"
)

func TestFitting(t *testing.T) {
	cases := map[string]struct{ reason, words, want string }{
		"Baseline":   {reason: "Sysbox asks for no more.", words: `pods "dev-server-0" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities`, want: `, or runtime "sysbox", whose pods it lets in`},
		"Restricted": {reason: "Nothing here runs there.", words: `violates PodSecurity "restricted:v1.36": allowPrivilegeEscalation != false`},
		"NoLevel":    {reason: "Somebody else's words.", words: `admission webhook "validate.kyverno.svc-fail" denied the request`},
		"OddLevel":   {reason: "Nor is a level made up.", words: `violates PodSecurity "odd:latest"`},
	}
	s := aScope()
	s.profiles = catalog.Profiles()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := s.fitting(tc.words); got != tc.want {
				t.Errorf("%s got %q", tc.reason, got)
			}
		})
	}
}
