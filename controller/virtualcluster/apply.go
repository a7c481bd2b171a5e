package virtualcluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// apply carries out the plan of a scope, in order.
func (r *Reconciler) apply(ctx context.Context, s *Scope) error {
	for _, obj := range s.plan.creates {
		// A Secret is never read back from the cache, which has none.
		err := r.client.Create(ctx, obj, client.FieldOwner(v1alpha1.FieldOwner), client.DisableReadYourWritesConsistency)
		if err != nil {
			return fmt.Errorf("create %s %q: %w", kindOfObject(obj), obj.GetName(), err)
		}
	}
	for _, a := range s.plan.applies {
		if err := r.client.Apply(ctx, a.config, a.options()...); err != nil {
			return fmt.Errorf("apply: %w", err)
		}
	}
	for _, obj := range s.plan.deletes {
		uid := obj.GetUID()
		err := r.client.Delete(ctx, obj, client.Preconditions{UID: &uid})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete %s %q: %w", kindOfObject(obj), obj.GetName(), err)
		}
	}
	return nil
}

// options take fields over only on objects that are ours: if something else
// came into being in the meantime, applying it conflicts instead.
func (a applied) options() []client.ApplyOption {
	opts := []client.ApplyOption{client.FieldOwner(v1alpha1.FieldOwner)}
	if a.exists {
		opts = append(opts, client.ForceOwnership)
	}
	if a.secret {
		opts = append(opts, client.DisableReadYourWritesConsistency)
	}
	return opts
}
