package row

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
)

// State is what matters most about a cluster.
type State int

// The states, those that want attention first.
const (
	Failed State = iota
	Trouble
	Booting
	Deleting
	Paused
	Ready
)

// Row is one line of the list.
type Row struct {
	Key   types.NamespacedName
	UID   types.UID
	State State
	// Status is what the state is about, in a word or two.
	Status string
	// Passed of Steps have passed on the way to Ready.
	Passed, Steps int
	// Version, Runtime and Endpoint are empty while they are not known.
	Version, Runtime, Endpoint string
	// Nodes of Wanted are ready inside.
	Nodes, Wanted int32
	Created       time.Time
	// Expires is when the cluster goes by itself; zero is never.
	Expires time.Time
	// Detail is the whole story in one line.
	Detail string
}

// Of is the row of a cluster.
func Of(vc *v1alpha1.VirtualCluster) Row {
	r := Row{
		Key:      types.NamespacedName{Namespace: vc.Namespace, Name: vc.Name},
		UID:      vc.UID,
		Created:  vc.CreationTimestamp.Time,
		Nodes:    vc.Status.Nodes,
		Wanted:   wanted(vc),
		Endpoint: vc.Status.Endpoint,
	}
	if vc.Status.Resolved != nil {
		r.Version = vc.Status.Resolved.Version
	}
	if vc.Status.Runtime != nil {
		r.Runtime = vc.Status.Runtime.InUse()
	}
	if vc.Status.ExpiresAt != nil {
		r.Expires = vc.Status.ExpiresAt.Time
	}
	r.judge(vc, phase.Of(vc))
	return r
}

// judge finds the state, the word for it and the story behind it.
func (r *Row) judge(vc *v1alpha1.VirtualCluster, phases []phase.Phase) {
	r.Steps = len(phases)
	for _, p := range phases {
		if p.State == phase.Passed {
			r.Passed++
		}
	}
	var ready *metav1.Condition // nil while it is about an older spec
	if vc.Status.ObservedGeneration >= vc.Generation {
		ready = meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionReady)
	}
	switch {
	case vc.DeletionTimestamp != nil:
		r.State, r.Status, r.Detail = Deleting, "Deleting", "it is being deleted"
	case isPaused(ready):
		r.State, r.Status, r.Detail = Paused, ready.Reason, ready.Message
	case phase.Failure(vc) != nil:
		fault := phase.Failure(vc)
		r.State, r.Status, r.Detail = Failed, fault.Reason, fault.Message
	case phase.Done(phases):
		r.State, r.Status, r.Detail = Ready, "Ready", caveat(vc)
	default:
		r.boots(ready, phases)
	}
}

func (r *Row) boots(ready *metav1.Condition, phases []phase.Phase) {
	r.State = Booting
	for _, p := range phases {
		if p.State == phase.Active || p.State == phase.Failed {
			r.Status, r.Detail = Doing(p.Name), p.Detail
			break
		}
	}
	if ready != nil && isTrouble(ready.Reason) {
		r.State, r.Status = Trouble, ready.Reason
	}
}

// underWay say what happens until a phase has passed. Its name says what is so
// afterwards.
var underWay = map[string]string{
	"Accepted":           "Accepting",
	"Runtime found":      "Finding runtime",
	"Credentials issued": "Issuing keys",
	"Node booted":        "Booting node",
	"API serving":        "Starting API",
	"Nodes ready":        "Joining nodes",
	"Ready":              "Finishing",
}

// Doing is what happens while a phase is under way.
func Doing(name string) string { return cmp.Or(underWay[name], name) }

// harmless are the reasons of Ready=False that every new cluster goes through.
var harmless = []string{v1alpha1.ReasonPending, v1alpha1.ReasonProgressing, v1alpha1.ReasonBooting, v1alpha1.ReasonReady}

func isTrouble(reason string) bool { return !slices.Contains(harmless, reason) }

func isPaused(ready *metav1.Condition) bool {
	return ready != nil && (ready.Reason == v1alpha1.ReasonPaused || ready.Reason == v1alpha1.ReasonPausing)
}

// caveat is what is wrong with a cluster that works.
func caveat(vc *v1alpha1.VirtualCluster) string {
	for _, kind := range []string{v1alpha1.ConditionIsolated, v1alpha1.ConditionStateKept, v1alpha1.ConditionUpToDate} {
		if c := meta.FindStatusCondition(vc.Status.Conditions, kind); c != nil && c.Status == metav1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	return ""
}

func wanted(vc *v1alpha1.VirtualCluster) (n int32) {
	for _, group := range groups(vc) {
		if group.name != v1alpha1.ServersPool || !vc.Status.Resolved.IsControlPlaneOnly() {
			n += group.nodes
		}
	}
	return n
}

// group is a group of like nodes.
type group struct {
	name  string
	nodes int32
}

// groups are the servers and the pools, as the spec wants them.
func groups(vc *v1alpha1.VirtualCluster) []group {
	all := []group{{v1alpha1.ServersPool, oneUnless(vc.Spec.Servers.Replicas)}}
	for _, pool := range vc.Spec.Pools {
		all = append(all, group{pool.Name, oneUnless(pool.Replicas)})
	}
	return all
}

func oneUnless(said *int32) int32 {
	if said == nil {
		return 1
	}
	return *said
}

// NodesOf are the names of the nodes that a cluster wants, servers first.
func NodesOf(vc *v1alpha1.VirtualCluster) []string {
	var names []string
	for _, g := range groups(vc) {
		for i := range g.nodes {
			names = append(names, fmt.Sprintf("%s-%d", g.name, i))
		}
	}
	return names
}

// NodesText is how many nodes there are of those that should be.
func (r *Row) NodesText() string {
	if r.State == Paused {
		return fmt.Sprintf("0/%d", r.Wanted)
	}
	return fmt.Sprintf("%d/%d", r.Nodes, r.Wanted)
}

// Age is how long the cluster has existed.
func (r *Row) Age(now time.Time) string {
	if r.Created.IsZero() {
		return "?"
	}
	return duration.HumanDuration(max(now.Sub(r.Created), 0)) // clocks differ
}

// Left is how long the cluster has to live, empty if for ever.
func (r *Row) Left(now time.Time) string {
	if r.Expires.IsZero() {
		return ""
	}
	return duration.HumanDuration(max(r.Expires.Sub(now), 0))
}

// Order is what rows are sorted by.
type Order int

// The orders.
const (
	ByName Order = iota
	ByStatus
	ByVersion
	ByNodes
	ByAge
	orders
)

// Next is the order after this one.
func (o Order) Next() Order { return (o + 1) % orders }

// Compare compares two rows; those that are alike stand by namespace and name.
func Compare(order Order, a, b *Row) int {
	first := 0
	switch order {
	case ByStatus:
		first = cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Status, b.Status))
	case ByVersion:
		first = compareVersions(a.Version, b.Version)
	case ByNodes:
		first = cmp.Compare(b.Nodes, a.Nodes)
	case ByAge:
		first = b.Created.Compare(a.Created)
	case ByName, orders:
	}
	return cmp.Or(first, cmp.Compare(a.Key.Namespace, b.Key.Namespace), cmp.Compare(a.Key.Name, b.Key.Name))
}
