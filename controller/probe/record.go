package probe

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// conclude puts on record what was found, and then has the node say it: no node
// pod is to come before anybody can read why. That a node cannot be labelled is on
// record, too, or its report would praise a node that takes no pods.
func (r *Reconciler) conclude(ctx context.Context, a *action) (late bool, err error) {
	want := a.report.Status
	if a.status != nil {
		want = *a.status
	}
	if !saysUnlabelled(a.report.Status, want) || len(a.labels) == 0 {
		if late, err = r.record(ctx, a, want); late || err != nil {
			return late, err
		}
	}
	if len(a.labels) == 0 {
		return false, nil
	}
	failed := r.label(ctx, a)
	if failed != nil && !isRefusal(failed) {
		return false, failed // trouble on the way, in other words each time
	}
	if failed != nil {
		want.Message = cut(unlabelled + short(failed.Error()) + "; " + strings.TrimPrefix(want.Message, unlabelled))
	}
	if late, err = r.record(ctx, a, want); err == nil {
		err = failed
	}
	return late, err
}

// unlabelled begins the message of a report on a node that cannot be labelled.
const unlabelled = "the labels of the node cannot be changed, which say where node pods may run: "

// saysUnlabelled says whether a report has what it should say, but for the trouble
// with the labels of its node.
func saysUnlabelled(held, want v1alpha1.RuntimeReportStatus) bool {
	if !strings.HasPrefix(held.Message, unlabelled) {
		return false
	}
	held.Message = want.Message
	return equality.Semantic.DeepEqual(held, want)
}

// maxWords bounds what a message quotes of the API server.
const maxWords = 400

func short(words string) string {
	return strings.ToValidUTF8(words[:min(len(words), maxWords)], "")
}

// record writes a status unless the report has it; late is true where the report is
// another one by now.
func (r *Reconciler) record(ctx context.Context, a *action, status v1alpha1.RuntimeReportStatus) (late bool, err error) {
	if equality.Semantic.DeepEqual(a.report.Status, status) {
		return false, nil
	}
	updated := a.report.DeepCopy()
	updated.Status = status
	// With a lock: a report of that name may be about another node meanwhile.
	patch := client.MergeFromWithOptions(a.report, client.MergeFromWithOptimisticLock{})
	if err := r.opts.Client.Status().Patch(ctx, updated, patch, client.FieldOwner(v1alpha1.FieldOwner)); err != nil {
		late := apierrors.IsNotFound(err) || apierrors.IsConflict(err)
		return late, ignore(err, "write the status of RuntimeReport", a.report.Name, apierrors.IsNotFound, apierrors.IsConflict)
	}
	a.report = updated
	return false, nil
}
