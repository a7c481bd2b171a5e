package virtualcluster

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestPolicyWords: whoever refuses a pod, the condition has its own words. The
// messages are of the form that the API server gives to what they answer.
func TestPolicyWords(t *testing.T) {
	cases := map[string]struct {
		reason  string
		code    int32
		message string
		words   []string
	}{
		"PodSecurity": {
			reason: "Pod Security.", code: 403,
			message: `pods "dev-server-0" is forbidden: violates PodSecurity "restricted:latest": unrestricted capabilities (container "node" must set securityContext.capabilities.drop=["ALL"])`,
			words:   []string{`violates PodSecurity "restricted:latest"`, "capabilities.drop"},
		},
		"Policy": {
			reason: "A ValidatingAdmissionPolicy.", code: 422,
			message: `pods "dev-server-0" is forbidden: ValidatingAdmissionPolicy 'site' with binding 'site' denied request: images must come from our registry`,
			words:   []string{"ValidatingAdmissionPolicy 'site'", "images must come from our registry"},
		},
		"Kyverno": {
			reason: "Kyverno.", code: 400,
			message: "admission webhook \"validate.kyverno.svc-fail\" denied the request: \n\nresource Pod/team/dev-server-0 was blocked due to the following policies \n\ndisallow-capabilities:\n  adding-capabilities: 'Any capabilities added beyond the allowed list are disallowed.'\n",
			words:   []string{`"validate.kyverno.svc-fail"`, "disallow-capabilities", "beyond the allowed list are disallowed"},
		},
		"Gatekeeper": {
			reason: "Gatekeeper.", code: 403,
			message: `admission webhook "validation.gatekeeper.sh" denied the request: [psp-capabilities] container <node> has a disallowed capability. Allowed capabilities are []`,
			words:   []string{"psp-capabilities", "has a disallowed capability"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := &gate{answer: &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: tc.code, Message: tc.message}}}
			v, err := newRehearsal(g.client()).ask(t.Context(), types.NamespacedName{Name: "dev"}, aTrial("a"), noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range tc.words {
				if !strings.Contains(v.words, word) {
					t.Errorf("%s the condition does not say %q: %q", tc.reason, word, v.words)
				}
			}
			if strings.Contains(v.words, "\n") {
				t.Errorf("%s the words are of several lines: %q", tc.reason, v.words)
			}
		})
	}
}
