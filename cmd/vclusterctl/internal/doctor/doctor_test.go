package doctor

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func forbidden(words string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "x", errors.New(words))
}

func TestWhy(t *testing.T) {
	cases := map[string]struct {
		reason     string
		err        error
		why, right string
		mayNot     bool
	}{
		"Cluster":   {reason: "A right that counts everywhere.", err: forbidden(`User "ann" cannot list resource "nodes" in API group "" at the cluster scope`), why: "you may not list nodes", right: "ask an administrator for the right to list nodes, or have one run this", mayNot: true},
		"Group":     {reason: "A resource of a group is called by both.", err: forbidden(`User "ann" cannot list resource "runtimeclasses" in API group "node.k8s.io" at the cluster scope`), why: "you may not list runtimeclasses.node.k8s.io", right: "ask an administrator for the right to list runtimeclasses.node.k8s.io, or have one run this", mayNot: true},
		"Namespace": {reason: "A right that counts in one namespace.", err: forbidden(`User "ann" cannot create resource "pods" in API group "" in the namespace "team"`), why: "you may not create pods in the namespace team", right: "ask an administrator for the right to create pods, or have one run this", mayNot: true},
		"Policy":    {reason: "What admission forbids is no lack of a right.", err: forbidden("violates PodSecurity"), why: `things "x" is forbidden: violates PodSecurity`},
		"Lines":     {reason: "One line, whatever a server says.", err: errors.New("one\n two"), why: "one two"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Why(tc.err); got != tc.why {
				t.Errorf("%s\nWhy: got %q, want %q", tc.reason, got, tc.why)
			}
			if got := Right(tc.err); got != tc.right {
				t.Errorf("%s\nRight: got %q, want %q", tc.reason, got, tc.right)
			}
			if got := MayNot(tc.err); got != tc.mayNot {
				t.Errorf("%s\nMayNot: got %t", tc.reason, got)
			}
		})
	}
}

func TestPerNode(t *testing.T) {
	on := func(found string, nodes ...string) Finding { return Finding{Check: "c", Found: found, Nodes: nodes} }
	first := on("y", "b")
	got := PerNode([]Finding{on("x", "a"), first, on("y", "c"), on("z", "d")})
	if diff := cmp.Diff([]Finding{on("y", "b", "c"), on("x", "a"), on("z", "d")}, got); diff != "" {
		t.Errorf("those about most nodes come first, each said once: -want, +got:\n%s", diff)
	}
	if len(first.Nodes) != 1 {
		t.Errorf("what was handed in has changed: %v", first.Nodes)
	}
}

func TestNameNodes(t *testing.T) {
	for want, nodes := range map[string][]string{
		"": nil, "node a": {"a"}, "nodes a, b, c": {"a", "b", "c"}, "nodes a, b, c and 2 more": {"a", "b", "c", "d", "e"},
	} {
		if got := NameNodes(nodes); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFirstAndCount(t *testing.T) {
	all := []Finding{{Check: "a", Outcome: OK}, {Check: "b", Outcome: Warning}, {Check: "c", Outcome: Warning}}
	if f := First(all, Warning); f == nil || f.Check != "b" || First(all, Problem) != nil {
		t.Errorf("first: %+v", f)
	}
	if n := Count(all, Warning); n != 2 {
		t.Errorf("count: %d", n)
	}
}
