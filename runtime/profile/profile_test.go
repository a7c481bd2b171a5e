package profile

import (
	"fmt"
	"strings"
	"testing"
)

func TestAnswerMessage(t *testing.T) {
	bad := func(name string, messages ...string) NodeAnswer {
		n := NodeAnswer{Node: name}
		for _, m := range messages {
			n.Problems = append(n.Problems, Problem{Reason: "R", Message: m})
		}
		return n
	}
	cases := map[string]struct {
		reason string
		nodes  []NodeAnswer
		want   string
	}{
		"None":     {reason: "No nodes is a problem too.", want: "the host has no nodes"},
		"Good":     {reason: "There is nothing to say.", nodes: []NodeAnswer{bad("a")}},
		"One":      {reason: "The node is named.", nodes: []NodeAnswer{bad("a", "is old: renew it")}, want: "node a: is old: renew it"},
		"Same":     {reason: "What several share is said once.", nodes: []NodeAnswer{bad("a", "x"), bad("b", "x")}, want: "nodes a, b: x"},
		"Frequent": {reason: "The most frequent comes first.", nodes: []NodeAnswer{bad("a", "x"), bad("b", "y"), bad("c", "y")}, want: "nodes b, c: y; node a: x"},
		"Ties":     {reason: "The order does not change by itself.", nodes: []NodeAnswer{bad("a", "y", "x")}, want: "node a: x; node a: y"},
		"Many":     {reason: "A big cluster does not fill the message.", nodes: many(bad, 9), want: "nodes n0, n1, n2 and 6 more: x"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (Answer{Nodes: tc.nodes}).Message(); got != tc.want {
				t.Errorf("%s got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func many(bad func(string, ...string) NodeAnswer, n int) []NodeAnswer {
	var nodes []NodeAnswer
	for i := range n {
		nodes = append(nodes, bad(fmt.Sprintf("n%d", i), "x"))
	}
	return nodes
}

func TestPodSecurityRefusal(t *testing.T) {
	cases := map[string]struct {
		reason   string
		needed   string
		enforced string
		refused  bool
	}{
		"NoLabel":    {reason: "The API server's default is not known here.", needed: "privileged"},
		"Privileged": {reason: "It lets everything in.", needed: "privileged", enforced: "privileged"},
		"Baseline":   {reason: "It is stricter.", needed: "privileged", enforced: "baseline", refused: true},
		"Restricted": {reason: "It is stricter still.", needed: "privileged", enforced: "restricted", refused: true},
		"Same":       {reason: "A pod that needs baseline is let in by it.", needed: "baseline", enforced: "baseline"},
		"Looser":     {reason: "And by anything looser.", needed: "baseline", enforced: "privileged"},
		"Unknown":    {reason: "A level nobody knows is the API server's to judge.", needed: "privileged", enforced: "odd"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			labels := map[string]string{}
			if tc.enforced != "" {
				labels[LabelEnforce] = tc.enforced
			}
			got := PodSecurity{Level: tc.needed, Reason: "why"}.Refusal("team", labels)
			if (got != "") != tc.refused {
				t.Errorf("%s got %q", tc.reason, got)
			}
			if tc.refused && !strings.Contains(got, `namespace "team"`) {
				t.Errorf("%q does not name the namespace", got)
			}
		})
	}
}
