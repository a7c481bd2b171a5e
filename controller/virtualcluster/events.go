package virtualcluster

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Event is something that happened to a cluster. Its reason is that of the
// condition that changed.
type Event struct {
	Type, Reason, Action, Note string
}

// maxNote is what the events API takes.
const maxNote = 1000

// quiet are the reasons of a cluster that is on its way: conditions show them,
// but nothing happened that a log of events should keep.
var quiet = []string{
	v1alpha1.ReasonPending, v1alpha1.ReasonProgressing, v1alpha1.ReasonBooting, v1alpha1.ReasonNotProven, v1alpha1.ReasonPausing,
	v1alpha1.ReasonProbing,
}

// calm are the reasons that say what happened to a cluster that is not ready, and
// that nobody has to act on.
var calm = []string{v1alpha1.ReasonPaused, v1alpha1.ReasonAwaitingNode}

// changes are the events of one status write: every condition that turned true,
// or that names another cause of trouble than before.
func changes(old, updated *v1alpha1.VirtualCluster) []Event {
	out := resumed(old, updated)
	for _, c := range updated.Status.Conditions {
		if !isNews(conditionOf(old, c.Type), c) {
			continue
		}
		if e, ok := eventOf(c); ok && !slices.ContainsFunc(out, func(o Event) bool { return o.Note == e.Note }) {
			out = append(out, e)
		}
	}
	return out
}

// resumed is the event of nodes that are wanted again. Nothing of it is in a
// condition: they begin like those of a new cluster.
func resumed(old, updated *v1alpha1.VirtualCluster) []Event {
	before := conditionOf(old, v1alpha1.ConditionReady).Reason
	if updated.Spec.Lifecycle.IsPaused() || before != v1alpha1.ReasonPaused && before != v1alpha1.ReasonPausing {
		return nil
	}
	return []Event{{corev1.EventTypeNormal, v1alpha1.ReasonResumed, "Observe", "the nodes start again"}}
}

// isNews says whether a condition tells of something that happened. That nothing
// was lost, or is too old, is the normal thing; a second loss is another one, and
// so is another time to expire at.
func isNews(before, now metav1.Condition) bool {
	switch {
	case now.Type == v1alpha1.ConditionStalled:
		return false
	case now.Reason == v1alpha1.ReasonPaused: // which is why nothing else is there
		return now.Type == v1alpha1.ConditionReady && before.Reason != now.Reason
	case now.Reason == v1alpha1.ReasonStateLost, now.Reason == v1alpha1.ReasonExpiring:
		return before.Message != now.Message
	case now.Status == metav1.ConditionTrue && slices.Contains(normal, now.Type):
		return before.Status == metav1.ConditionFalse
	default:
		return before.Status != now.Status || before.Reason != now.Reason
	}
}

// normal are the conditions that are true from the start.
var normal = []string{v1alpha1.ConditionStateKept, v1alpha1.ConditionUpToDate}

// eventOf is the event of a condition that changed.
func eventOf(c metav1.Condition) (Event, bool) {
	switch {
	case slices.Contains(calm, c.Reason):
		return Event{corev1.EventTypeNormal, c.Reason, "Observe", cut(c.Message, maxNote)}, true
	case c.Status == metav1.ConditionTrue && c.Type != v1alpha1.ConditionExpiring:
		return Event{corev1.EventTypeNormal, c.Type, "Observe", cut(c.Message, maxNote)}, true
	case slices.Contains(quiet, c.Reason):
		return Event{}, false
	default:
		return Event{corev1.EventTypeWarning, c.Reason, "Observe", cut(c.Message, maxNote)}, true
	}
}

// announce tells of a status that is about to be written: to the user in events,
// to the administrator in the log.
func (r *Reconciler) announce(ctx context.Context, old, updated *v1alpha1.VirtualCluster) {
	for _, e := range changes(old, updated) {
		log.FromContext(ctx).Info("changed", "reason", e.Reason, "note", e.Note)
		r.opts.Recorder.Eventf(updated, nil, e.Type, e.Reason, e.Action, "%s", e.Note)
	}
}

func conditionOf(vc *v1alpha1.VirtualCluster, t string) metav1.Condition {
	if c := meta.FindStatusCondition(vc.Status.Conditions, t); c != nil {
		return *c
	}
	return metav1.Condition{}
}
