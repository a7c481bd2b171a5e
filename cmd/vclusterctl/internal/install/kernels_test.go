package install

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// TestOwnKernels: the policy that guards node pods goes by the administrator's
// list and by the built-in one.
func TestOwnKernels(t *testing.T) {
	cases := map[string]struct {
		reason string
		own    []string
		want   string
	}{
		"None": {reason: "The built-in classes are always in.", want: `["vclusterctl-kata","vclusterctl-gvisor"]`},
		"Some": {reason: "The site's own come after them.", own: []string{"kata-*", "runsc"}, want: `["vclusterctl-kata","vclusterctl-gvisor","kata-*","runsc"]`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := as[admissionv1.ValidatingAdmissionPolicy](t, only(t, render(t, Params{OwnKernelClasses: tc.own}), "ValidatingAdmissionPolicy", "vclusterctl-node-pods"))
			var got string
			for _, v := range policy.Spec.Variables {
				if v.Name == kernelsVariable {
					got = strings.TrimSpace(v.Expression)
				}
			}
			if got != tc.want {
				t.Errorf("%s\ngot %s, want %s", tc.reason, got, tc.want)
			}
		})
	}
}

func TestCheckClassPattern(t *testing.T) {
	for pattern, ok := range map[string]bool{
		"kata-*": true, "runsc": true, "*": true, "kata.v?": true,
		"": false, "Kata": false, "-kata": false, `kata"`: false, "kata-": false, "ka ta": false,
	} {
		if err := CheckClassPattern(pattern); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok %t", pattern, err, ok)
		}
	}
}
