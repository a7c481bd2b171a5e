package profile

import "testing"

func TestWritableCgroupOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		want   WritableCgroup
	}{
		"None":       {reason: "A setting of the handler unless told otherwise.", want: CgroupByHandler},
		"Handler":    {reason: "Which can be said.", value: "handler", want: CgroupByHandler},
		"Annotation": {reason: "CRI-O has its own way.", value: "crio-annotation", want: CgroupByCRIOAnnotation},
		"Typo":       {reason: "Pods would fail at boot without a reason.", value: "crio"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			annotations := map[string]string{}
			if tc.value != "" {
				annotations[AnnotationWritableCgroup] = tc.value
			}
			got, err := WritableCgroupOf(annotations)
			if got != tc.want || (err != nil) != (tc.want == "") {
				t.Errorf("%s got %q, error %v", tc.reason, got, err)
			}
		})
	}
}
