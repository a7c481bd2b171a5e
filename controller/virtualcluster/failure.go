package virtualcluster

import (
	"context"
	"errors"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// failed ends a reconciliation that met an error. The status stays as it is,
// but for the words: what was decided did not come about. Conflicts are none of
// the user's business, since the next attempt reads what is newer; and a hiccup
// of the API server does not make a cluster less ready than it was.
func (r *Reconciler) failed(ctx context.Context, vc *v1alpha1.VirtualCluster, err error) (reconcile.Result, error) {
	if isLeaving(err) {
		return reconcile.Result{RequeueAfter: recheckAfter}, nil
	}
	reconcileErrors.WithLabelValues(string(kindOf(err))).Inc()
	if ctx.Err() != nil || isRace(err) || isHiccup(err) && conditionOf(vc, v1alpha1.ConditionReady).Status == metav1.ConditionTrue {
		return reconcile.Result{}, err
	}
	s := &Scope{vc: vc.DeepCopy(), now: r.opts.Clock.Now()}
	s.initialise()
	s.vc.Status.ObservedGeneration = vc.Generation
	s.no(v1alpha1.ConditionReady, v1alpha1.ReasonFailed, oneLine(err))
	if invalid(err) {
		// The API server will say the same until the spec changes.
		s.yes(v1alpha1.ConditionStalled, v1alpha1.ReasonFailed, oneLine(err))
	}
	return reconcile.Result{}, errors.Join(err, r.writeStatus(ctx, vc, s.vc))
}

// isRace is true where somebody else was faster.
func isRace(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }

// isLeaving is true where the namespace is being deleted, and the cluster with
// it: that nothing can be made there any more is nobody's trouble.
func isLeaving(err error) bool {
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// isHiccup is true where the API server did not get to judge the request.
func isHiccup(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return true
	}
	code := status.ErrStatus.Code
	return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}

func invalid(err error) bool { return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) }
