package hostcheck

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// proofsOf are what the controller has had pods find out. An older controller
// makes no reports, and one that is not there none either.
func proofsOf(ctx context.Context, c client.Reader) doctor.Seen[map[Spot]Proof] {
	seen := doctor.List(ctx, c, func(l *v1alpha1.RuntimeReportList) []v1alpha1.RuntimeReport { return l.Items })
	if meta.IsNoMatchError(seen.Err) || missing(seen.Err) {
		seen.Err = nil
	}
	all := doctor.Seen[map[Spot]Proof]{Value: map[Spot]Proof{}, Err: seen.Err}
	for i := range seen.Value {
		r := &seen.Value[i]
		p := r.Status.Probe
		if p == nil || string(r.Status.State) != string(p.Verdict) {
			continue // none has ended, or what it found may have changed since
		}
		all.Value[Spot{Runtime: v1alpha1.RuntimeProfile(r.Spec.Profile), Node: r.Spec.NodeName}] = Proof{
			Verdict: p.Verdict, Message: p.Message, Checks: slices.Clone(p.Checks),
			Source: "the controller's probe of " + p.Time.UTC().Format(time.RFC3339),
		}
	}
	return all
}
