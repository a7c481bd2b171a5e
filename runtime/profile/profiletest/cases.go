package profiletest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// Classes holds the RuntimeClass of a profile to golden files: as it is, and as
// a site has it that chooses its nodes.
func Classes(t *testing.T, p profile.Profile) {
	t.Helper()
	for name, options := range map[string]profile.ClassOptions{
		"plain":    {},
		"selected": {NodeSelector: map[string]string{"b": "2", "a": "1"}, Labels: map[string]string{"x": "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			Golden(t, "runtimeclass-"+name+".yaml", YAML(t, p.RuntimeClass(options)))
		})
	}
}

// AskCase is a node, and what a profile finds out about it.
type AskCase struct {
	Reason string
	// Change makes it another node than one that has everything.
	Change func(*corev1.Node)
	Ask    profile.Question
	// Want are the reasons of its problems.
	Want []string
	// Message is a part of the first problem's.
	Message string
}

// Ask asks a profile about nodes.
func Ask(t *testing.T, p profile.Profile, cases map[string]AskCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			n := Node("n", p.Knowledge().Handler)
			if tc.Change != nil {
				tc.Change(&n)
			}
			tc.Ask.Nodes = []corev1.Node{n}
			got := p.Ask(tc.Ask).Nodes[0]
			if diff := cmp.Diff(tc.Want, reasons(got)); diff != "" {
				t.Fatalf("%s -want, +got:\n%s", tc.Reason, diff)
			}
			if tc.Message != "" && !strings.Contains(got.Problems[0].Message, tc.Message) {
				t.Errorf("%s message %q does not say %q", tc.Reason, got.Problems[0].Message, tc.Message)
			}
		})
	}
}

func reasons(n profile.NodeAnswer) []string {
	var all []string
	for _, p := range n.Problems {
		all = append(all, p.Reason)
	}
	return all
}
