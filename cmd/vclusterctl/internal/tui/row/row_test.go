package row_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// ofCase is a cluster and the row that it makes.
type ofCase struct {
	reason  string
	options []tuitest.Option
	want    row.Row
}

func (c ofCase) check(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(c.want, row.Of(tuitest.Cluster("dev", c.options...))); diff != "" {
		t.Errorf("%s\nOf(): -want, +got:\n%s", c.reason, diff)
	}
}

// base is the row of a new cluster, but for a change.
func base(change func(*row.Row)) row.Row {
	r := row.Row{
		Key: types.NamespacedName{Namespace: "default", Name: "dev"}, UID: "uid-dev", Steps: 7, Wanted: 1,
		Created: tuitest.Now.Add(-10 * time.Minute),
	}
	change(&r)
	return r
}

// TestOf: what a row says of a cluster that is to run.
func TestOf(t *testing.T) {
	cases := map[string]ofCase{
		"New": {
			reason: "Nobody has looked at it yet.",
			want: base(func(r *row.Row) {
				r.State, r.Status, r.Detail = row.Booting, "Accepting", "the controller has not taken it up yet"
			}),
		},
		"Booting": {
			reason:  "The phase it is in, and how far it has come.",
			options: []tuitest.Option{tuitest.Booted},
			want: base(func(r *row.Row) {
				r.State, r.Status, r.Detail = row.Booting, "Starting API", "etcd and kube-apiserver start"
				r.Passed, r.Version, r.Runtime = 4, "v1.36.3", "userns"
			}),
		},
		"Ready": {
			reason:  "Nothing is to be said of a cluster that works.",
			options: []tuitest.Option{tuitest.Ready, tuitest.Pool("work", 2)},
			want: base(func(r *row.Row) {
				r.State, r.Status, r.Passed, r.Nodes, r.Wanted = row.Ready, "Ready", 7, 1, 3
				r.Version, r.Runtime, r.Endpoint = "v1.36.3", "userns", "https://10.215.3.4:443"
			}),
		},
		"StateLost": {
			reason:  "It works, but something has happened.",
			options: []tuitest.Option{tuitest.Ready, tuitest.With(v1alpha1.ConditionStateKept, metav1.ConditionFalse, v1alpha1.ReasonStateLost, "it began anew")},
			want: base(func(r *row.Row) {
				r.State, r.Status, r.Passed, r.Nodes = row.Ready, "Ready", 7, 1
				r.Version, r.Runtime, r.Endpoint, r.Detail = "v1.36.3", "userns", "https://10.215.3.4:443", "StateLost: it began anew"
			}),
		},
		"NoImage": {
			reason:  "What holds it up says more than the phase.",
			options: []tuitest.Option{tuitest.NoImage},
			want: base(func(r *row.Row) {
				r.State, r.Status, r.Passed, r.Version, r.Runtime = row.Trouble, "ImagePullFailed", 3, "v1.36.3", "userns"
				r.Detail = "ImagePullFailed: pod dev-server-0 cannot get its image: not found"
			}),
		},
		"NoNode": {
			reason:  "It will not come up by waiting.",
			options: []tuitest.Option{tuitest.NoNode},
			want: base(func(r *row.Row) {
				r.State, r.Status, r.Passed, r.Version = row.Failed, "NoCapableNode", 2, "v1.36.3"
				r.Detail = "no node of the host offers the runtime userns: 2 have a kernel older than 6.3"
			}),
		},
	}
	for name, tc := range cases {
		t.Run(name, tc.check)
	}
}

// TestOfPaused: and of one that is, or was, not to.
func TestOfPaused(t *testing.T) {
	paused := func(r *row.Row) {
		r.State, r.Status, r.Detail = row.Paused, "Paused", "paused; go on with: vclusterctl resume"
		r.Passed, r.Version, r.Runtime, r.Endpoint = 6, "v1.36.3", "userns", "https://10.215.3.4:443"
	}
	cases := map[string]ofCase{
		"Paused": {reason: "A paused cluster is not a failed one.", options: []tuitest.Option{tuitest.Paused}, want: base(paused)},
		"Deleting": {
			reason:  "Deletion comes first.",
			options: []tuitest.Option{tuitest.Paused, tuitest.Deleting},
			want: base(func(r *row.Row) {
				paused(r)
				r.State, r.Status, r.Detail, r.Nodes, r.Passed = row.Deleting, "Deleting", "it is being deleted", 1, 7
			}),
		},
		"Stale": {
			reason:  "A status of an older spec says nothing: it was resumed just now.",
			options: []tuitest.Option{tuitest.Paused, func(vc *v1alpha1.VirtualCluster) { vc.Generation = 2 }},
			want: base(func(r *row.Row) {
				paused(r)
				r.State, r.Status, r.Passed, r.Detail = row.Booting, "Accepting", 0, "the controller has not taken it up yet"
			}),
		},
	}
	for name, tc := range cases {
		t.Run(name, tc.check)
	}
}

// TestUnderWay: no phase is called as if it had passed already.
func TestUnderWay(t *testing.T) {
	for _, p := range phase.Of(tuitest.Cluster("dev")) {
		if row.Doing(p.Name) == p.Name {
			t.Errorf("phase %q has no word for being under way", p.Name)
		}
	}
}

func TestTimes(t *testing.T) {
	r := row.Of(tuitest.Cluster("dev"))
	if got := r.Age(tuitest.Now); got != "10m" {
		t.Errorf("Age(): got %q", got)
	}
	if got := r.Age(r.Created.Add(-time.Hour)); got != "0s" {
		t.Errorf("Age() of a cluster from a clock that is ahead: got %q", got)
	}
	if got := r.Left(tuitest.Now); got != "" {
		t.Errorf("Left() of a cluster that stays: got %q", got)
	}
	r.Expires = tuitest.Now.Add(90 * time.Second)
	if got := r.Left(tuitest.Now); got != "90s" {
		t.Errorf("Left(): got %q", got)
	}
}

func TestNodesOf(t *testing.T) {
	got := row.NodesOf(tuitest.Cluster("dev", tuitest.Pool("work", 2), tuitest.Pool("none", 0)))
	if diff := cmp.Diff([]string{"server-0", "work-0", "work-1"}, got); diff != "" {
		t.Errorf("NodesOf(): -want, +got:\n%s", diff)
	}
}

func TestCompare(t *testing.T) {
	a := row.Of(tuitest.Cluster("a", tuitest.Ready, tuitest.In("z"), tuitest.Aged(time.Hour)))
	b := row.Of(tuitest.Cluster("b", tuitest.NoNode))
	b.Version = "v1.9.1"
	cases := map[string]struct {
		reason string
		order  row.Order
		want   int
	}{
		"Name":    {reason: "Namespaces come first.", order: row.ByName, want: 1},
		"Status":  {reason: "What wants attention stands on top.", order: row.ByStatus, want: 1},
		"Version": {reason: "36 is more than 9.", order: row.ByVersion, want: 1},
		"Nodes":   {reason: "The greatest stands on top.", order: row.ByNodes, want: -1},
		"Age":     {reason: "The youngest stands on top.", order: row.ByAge, want: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := row.Compare(tc.order, &a, &b)
			if got*tc.want <= 0 || row.Compare(tc.order, &b, &a)*tc.want >= 0 {
				t.Errorf("%s\nCompare(): got %d, want the sign of %d", tc.reason, got, tc.want)
			}
		})
	}
	for i, o := 0, row.ByName; i < 5; i, o = i+1, o.Next() {
		if row.Compare(o, &a, &a) != 0 {
			t.Errorf("Compare() in order %d: a row differs from itself", o)
		}
	}
}
