package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
)

// apply does what was decided. What fails for one node does not keep the others
// waiting; again is true where somebody else was faster, which no watch tells.
func (r *Reconciler) apply(ctx context.Context, w *world, actions []action) (again bool, err error) {
	var errs []error
	for i := range actions {
		late, err := r.do(ctx, w, &actions[i])
		again = again || late
		if err != nil {
			errs = append(errs, err)
		}
	}
	return again, errors.Join(errs...)
}

// do carries one action out: what was found is on record before the pod that
// found it goes, and before node pods may come.
func (r *Reconciler) do(ctx context.Context, w *world, a *action) (again bool, err error) {
	if a.create != nil {
		if err := r.opts.Client.Create(ctx, a.create); err != nil {
			return apierrors.IsAlreadyExists(err), ignore(err, "make RuntimeReport", a.create.Name, apierrors.IsAlreadyExists)
		}
		a.report = a.create
	}
	if a.start != nil {
		refused, err := r.start(ctx, a)
		if err != nil {
			return false, err
		}
		if refused != "" {
			a.refused(w, refused)
		}
	}
	if a.status != nil || len(a.labels) > 0 {
		if late, err := r.conclude(ctx, a); late || err != nil {
			return late, err
		}
	}
	if a.remove != nil {
		err := r.opts.Writer.Delete(ctx, a.remove, client.Preconditions{UID: &a.remove.UID}, client.GracePeriodSeconds(0))
		return false, ignore(err, "delete probe pod", a.remove.Name, apierrors.IsNotFound, apierrors.IsConflict)
	}
	return false, nil
}

// start makes a probe pod. The words are those with which the API server refuses
// it: that is an outcome.
func (r *Reconciler) start(ctx context.Context, a *action) (refused string, err error) {
	pod := a.start
	// It goes with its report, so that nothing is left if we are taken out.
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: v1alpha1.RuntimeReportKind,
		Name: a.report.Name, UID: a.report.UID, Controller: ptr.To(true),
	}}
	err = r.opts.Writer.Create(ctx, pod)
	switch {
	case err == nil, apierrors.IsAlreadyExists(err):
		return "", nil
	case isRefusal(err):
		return err.Error(), nil
	default:
		return "", fmt.Errorf("make probe pod %q: %w", pod.Name, err)
	}
}

// isRefusal tells an answer about the pod, which is worth to be told, from trouble
// on the way. A namespace that is gone and a webhook that is away are answers: they
// do not go away by themselves either.
func isRefusal(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return false
	}
	return apierrors.IsInternalError(err) || slices.Contains([]int32{ // no timeout, which has the code of an internal error, too
		http.StatusForbidden, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotFound,
	}, status.ErrStatus.Code)
}

// refused makes the words of the API server the outcome.
func (a *action) refused(w *world, words string) {
	last := outcome(runtimeprobe.Refused(words), w.image, a.input, a.attempt, w.now)
	status := a.report.Status
	if a.status != nil {
		status = *a.status
	}
	status.State, status.Message, status.Probe = v1alpha1.RuntimeState(last.Verdict), cut(last.Message), last
	a.status = &status
}

func (r *Reconciler) label(ctx context.Context, a *action) error {
	labels := map[string]any{}
	for key, value := range a.labels {
		labels[key] = value
		if value == "" {
			labels[key] = nil
		}
	}
	// Another node may have taken the name meanwhile, and has proven nothing.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": a.node.UID, "labels": labels}})
	if err != nil {
		return fmt.Errorf("label node %q: %w", a.node.Name, err)
	}
	err = r.opts.Client.Patch(ctx, a.node.DeepCopy(), client.RawPatch(types.MergePatchType, patch))
	return ignore(err, "label node", a.node.Name, apierrors.IsNotFound, isAnother)
}

// isAnother says whether something was refused because the object of that name
// is another one.
func isAnother(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	return ok && status.ErrStatus.Details != nil &&
		slices.ContainsFunc(status.ErrStatus.Details.Causes, func(c metav1.StatusCause) bool { return c.Field == "metadata.uid" })
}

// ignore wraps an error unless it is one that means that the work is done.
func ignore(err error, what, name string, harmless ...func(error) bool) error {
	if err == nil {
		return nil
	}
	for _, is := range harmless {
		if is(err) {
			return nil
		}
	}
	return fmt.Errorf("%s %q: %w", what, name, err)
}
