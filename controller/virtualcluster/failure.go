package virtualcluster

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// failed ends a reconciliation that met an error. The status stays as it is,
// but for the words: what was decided did not come about. Conflicts are none of
// the user's business; the next attempt reads what is newer.
func (r *Reconciler) failed(ctx context.Context, vc *v1alpha1.VirtualCluster, err error) (reconcile.Result, error) {
	reconcileErrors.WithLabelValues(string(kindOf(err))).Inc()
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || ctx.Err() != nil {
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

func invalid(err error) bool { return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) }
