package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusals(t *testing.T) {
	k := Knowledge{Limits: []Limit{
		{Reason: LimitWorkers, Hits: func(n Nodes) bool { return n.Workers }},
		{Reason: LimitInside},
		{Reason: LimitStorage, Hits: func(n Nodes) bool { return !n.Ephemeral }},
	}}
	cases := map[string]struct {
		reason string
		nodes  Nodes
		want   []LimitReason
	}{
		"None": {reason: "What only the documentation tells refuses nobody.", nodes: Nodes{Ephemeral: true}},
		"One":  {reason: "A limit is hit by those who ask for it.", nodes: Nodes{Workers: true, Ephemeral: true}, want: []LimitReason{LimitWorkers}},
		"All":  {reason: "All are told at once.", nodes: Nodes{Workers: true}, want: []LimitReason{LimitWorkers, LimitStorage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []LimitReason
			for _, l := range k.Refusals(tc.nodes) {
				got = append(got, l.Reason)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
	if len(k.Limits) != 3 {
		t.Error("asking took limits away")
	}
}

func TestLimitString(t *testing.T) {
	l := Limit{What: "workers do not run", Why: "no Services", Remedy: "use another runtime"}
	if diff := cmp.Diff("workers do not run (no Services): use another runtime", l.String()); diff != "" {
		t.Error(diff)
	}
	l.Issue = "a/b#1"
	if diff := cmp.Diff("workers do not run (no Services, a/b#1): use another runtime", l.String()); diff != "" {
		t.Error(diff)
	}
}

func TestUserNamespaceOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		want   UserNamespace
	}{
		"None":       {reason: "Kubernetes' own way unless told otherwise.", want: ByHostUsers},
		"HostUsers":  {reason: "Which can be said.", value: "hostUsers", want: ByHostUsers},
		"Annotation": {reason: "The administrator knows better.", value: "crio-annotation", want: ByCRIOAnnotation},
		"Typo":       {reason: "A pod without a user namespace must not come of a typo.", value: "crio"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			annotations := map[string]string{}
			if tc.value != "" {
				annotations[AnnotationUserNamespace] = tc.value
			}
			got, err := UserNamespaceOf(annotations)
			if got != tc.want || (err != nil) != (tc.want == "") {
				t.Errorf("%s got %q, error %v", tc.reason, got, err)
			}
		})
	}
}
