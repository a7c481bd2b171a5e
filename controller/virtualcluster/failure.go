package virtualcluster

import (
	"context"
	"errors"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// failed ends a reconciliation that met an error. The status stays as it is,
// but for the words: what was decided did not come about. Conflicts are none of
// the user's business, since the next attempt reads what is newer; and a hiccup
// of the API server does not make a cluster less ready than it was, nor does it
// keep one ready that is not. One that is paused stays so.
func (r *Reconciler) failed(ctx context.Context, vc *v1alpha1.VirtualCluster, seen *Scope, err error) (reconcile.Result, error) {
	if isLeaving(err) {
		return reconcile.Result{RequeueAfter: recheckAfter}, nil
	}
	reconcileErrors.WithLabelValues(string(kindOf(err))).Inc()
	switch settled := isSettled(vc); {
	case ctx.Err() != nil || isRace(err):
		return reconcile.Result{}, err
	case isHiccup(err) && settled && seen.lessReady():
		return reconcile.Result{}, errors.Join(err, r.writeStatus(ctx, vc, seen.observed(vc)))
	case isHiccup(err) && settled:
		return reconcile.Result{}, err
	}
	s := &Scope{vc: vc.DeepCopy(), now: r.opts.Clock.Now()}
	s.initialise()
	s.vc.Status.ObservedGeneration = vc.Generation
	s.no(v1alpha1.ConditionReady, v1alpha1.ReasonFailed, oneLine(err))
	if invalid(err) {
		// The API server will say the same until the spec changes.
		s.yes(v1alpha1.ConditionStalled, v1alpha1.ReasonFailed, oneLine(err))
	} else {
		meta.RemoveStatusCondition(&s.vc.Status.Conditions, v1alpha1.ConditionStalled)
	}
	return reconcile.Result{}, errors.Join(err, r.writeStatus(ctx, vc, s.vc))
}

// isSettled says whether a cluster was last seen as it should be.
func isSettled(vc *v1alpha1.VirtualCluster) bool {
	c := conditionOf(vc, v1alpha1.ConditionReady)
	return c.Status == metav1.ConditionTrue || c.Reason == v1alpha1.ReasonPaused && vc.Spec.Lifecycle.IsPaused()
}

// lessReady says whether what was seen does not make a cluster ready. Without a
// scope nothing was.
func (s *Scope) lessReady() bool {
	return s != nil && s.told && s.condition(v1alpha1.ConditionReady).Status != metav1.ConditionTrue
}

// observed is a cluster with what was seen of its nodes, and nothing of what was
// decided: that did not come about.
func (s *Scope) observed(vc *v1alpha1.VirtualCluster) *v1alpha1.VirtualCluster {
	out := vc.DeepCopy()
	status, seen := &out.Status, s.vc.Status
	status.ObservedGeneration = vc.Generation
	status.Servers, status.Pools, status.Nodes = seen.Servers, seen.Pools, seen.Nodes
	for _, name := range []string{v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady, v1alpha1.ConditionReady} {
		meta.SetStatusCondition(&status.Conditions, s.condition(name))
	}
	if c := meta.FindStatusCondition(seen.Conditions, v1alpha1.ConditionStalled); c != nil {
		meta.SetStatusCondition(&status.Conditions, *c)
	}
	return out
}

// flaw is the error of a step. Steps ask nobody, so it is no hiccup of anyone.
type flaw struct{ error }

// Unwrap returns what went wrong.
func (f flaw) Unwrap() error { return f.error }

// isRace is true where somebody else was faster.
func isRace(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }

// isLeaving is true where the namespace is being deleted, and the cluster with
// it: that nothing can be made there any more is nobody's trouble.
func isLeaving(err error) bool {
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// isHiccup is true where the API server did not get to judge the request.
func isHiccup(err error) bool {
	if _, ours := errors.AsType[flaw](err); ours {
		return false
	}
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return true
	}
	code := status.ErrStatus.Code
	return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}

func invalid(err error) bool { return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) }
