package profile

import (
	"strings"
	"testing"

	nodev1 "k8s.io/api/node/v1"
)

func TestAwaitsNodes(t *testing.T) {
	cases := map[string]struct {
		reason, value string
		want          bool
		err           string
	}{
		"None":  {reason: "Nodes have to be there."},
		"Yes":   {reason: "An autoscaler brings them.", value: "true", want: true},
		"No":    {reason: "Somebody says so.", value: "false"},
		"Typo":  {reason: "It is not for us to guess.", value: "ture", err: `vclusterctl.dev/await-nodes is "ture": use "true" or "false"`},
		"Other": {reason: "One way of saying it is enough.", value: "yes", err: `"yes"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			class := &nodev1.RuntimeClass{}
			if tc.value != "" {
				class.Annotations = map[string]string{AnnotationAwaitNodes: tc.value}
			}
			_, err := QuestionOf(class, nil)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s the question: %v", tc.reason, err)
			}
			if got := AwaitsNodes(class.Annotations); got != tc.want {
				t.Errorf("%s got %t", tc.reason, got)
			}
		})
	}
}
