package phase

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// State of a phase.
type State string

// The states of a phase. Of the phases that have not passed, the first one is
// active.
const (
	Waiting State = "waiting"
	Active  State = "active"
	Passed  State = "passed"
	Failed  State = "failed"
)

// Phase is one step on the way to a cluster in which a pod can start.
type Phase struct {
	// Name says what is true once it has passed.
	Name  string
	State State
	// Detail is what was found, or what it waits for.
	Detail string
	// At is when it passed, where the cluster knows.
	At time.Time
}

// rule says when one phase has passed.
type rule struct {
	name string
	// condition whose message tells what an unpassed phase waits for.
	condition string
	passed    func(*v1alpha1.VirtualCluster) bool
	detail    func(*v1alpha1.VirtualCluster) string
	milestone string
}

var rules = []rule{
	{name: "Accepted", condition: v1alpha1.ConditionReady, passed: accepted, detail: version},
	{name: "Runtime found", condition: v1alpha1.ConditionRuntimeReady, passed: conditionTrue(v1alpha1.ConditionRuntimeReady), detail: runtimeProfile},
	{name: "Credentials issued", condition: v1alpha1.ConditionKubeconfigReady, passed: conditionTrue(v1alpha1.ConditionKubeconfigReady)},
	{name: "Node booted", condition: v1alpha1.ConditionControlPlaneReady, passed: booted, milestone: guestapi.MilestoneInit},
	{name: "API serving", condition: v1alpha1.ConditionControlPlaneReady, passed: conditionTrue(v1alpha1.ConditionControlPlaneReady), detail: endpoint, milestone: guestapi.MilestoneAPI},
	{name: "Nodes ready", condition: v1alpha1.ConditionNodesReady, passed: conditionTrue(v1alpha1.ConditionNodesReady), milestone: guestapi.MilestoneNode},
	{name: "Ready", condition: v1alpha1.ConditionReady, passed: conditionTrue(v1alpha1.ConditionReady), milestone: guestapi.MilestoneSchedulable},
}

// Of lists the phases of a cluster in the order in which they normally pass.
// The status counts only as far as it is about the current spec.
func Of(vc *v1alpha1.VirtualCluster) []Phase { return of(vc, takenUp(vc)) }

// takenUp says whether the status is about the current spec.
func takenUp(vc *v1alpha1.VirtualCluster) bool {
	return vc.Status.ObservedGeneration >= vc.Generation && vc.Status.ObservedGeneration > 0
}

func of(vc *v1alpha1.VirtualCluster, current bool) []Phase {
	failed := Failure(vc) != nil
	phases := make([]Phase, 0, len(rules))
	active := false
	for _, r := range rules {
		p := Phase{Name: r.name, State: Waiting}
		switch {
		case current && r.passed(vc):
			p = r.pass(vc)
		case !active:
			active = true
			p = r.activate(vc, current, failed)
		}
		phases = append(phases, p)
	}
	return phases
}

// Done says whether every phase has passed.
func Done(phases []Phase) bool {
	return !slices.ContainsFunc(phases, func(p Phase) bool { return p.State != Passed })
}

func (r rule) pass(vc *v1alpha1.VirtualCluster) Phase {
	p := Phase{Name: r.name, State: Passed, At: milestone(vc, r.milestone)}
	if r.detail != nil {
		p.Detail = r.detail(vc)
	}
	return p
}

func (r rule) activate(vc *v1alpha1.VirtualCluster, current, failed bool) Phase {
	p := Phase{Name: r.name, State: Active}
	if failed {
		p.State = Failed
	}
	if !current {
		p.Detail = "the controller has not taken it up yet"
		return p
	}
	if c := meta.FindStatusCondition(vc.Status.Conditions, r.condition); c != nil {
		p.Detail = waitsFor(c)
	}
	return p
}

// waitsFor is the message of a condition, with its reason where that adds
// something.
func waitsFor(c *metav1.Condition) string {
	switch c.Reason {
	case v1alpha1.ReasonPending, v1alpha1.ReasonProgressing, v1alpha1.ReasonBooting, v1alpha1.ReasonReady:
		return c.Message
	}
	if c.Message == "" {
		return c.Reason
	}
	return c.Reason + ": " + c.Message
}

func conditionTrue(kind string) func(*v1alpha1.VirtualCluster) bool {
	return func(vc *v1alpha1.VirtualCluster) bool { return meta.IsStatusConditionTrue(vc.Status.Conditions, kind) }
}

// accepted says whether the spec was taken as it is. Where its nodes decide what
// it resolves to, the controller asks for them first.
func accepted(vc *v1alpha1.VirtualCluster) bool {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionRuntimeReady)
	return vc.Status.Resolved != nil || c != nil && c.Status != metav1.ConditionUnknown
}

func booted(vc *v1alpha1.VirtualCluster) bool {
	return !milestone(vc, guestapi.MilestoneInit).IsZero() || conditionTrue(v1alpha1.ConditionControlPlaneReady)(vc)
}

func version(vc *v1alpha1.VirtualCluster) string {
	if vc.Status.Resolved == nil {
		return ""
	}
	return string(vc.Status.Resolved.Distro) + " " + vc.Status.Resolved.Version
}

func runtimeProfile(vc *v1alpha1.VirtualCluster) string {
	if vc.Status.Runtime == nil {
		return ""
	}
	return vc.Status.Runtime.InUse()
}

func endpoint(vc *v1alpha1.VirtualCluster) string { return vc.Status.Endpoint }

func milestone(vc *v1alpha1.VirtualCluster, name string) time.Time {
	for _, e := range vc.Status.Timeline {
		if e.Name == name {
			return e.Time.Time
		}
	}
	return time.Time{}
}
