package probe

import (
	"slices"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// freshFor is how long what a probe did not find is an answer to whoever asks.
const freshFor = time.Minute

// IsStale says whether a probe that was not good enough is no answer to a cluster
// that was made at a time: somebody may have mended the node since, by what no
// node tells, such as a module that was loaded, and created the cluster to see.
// Where the clocks of now and then differ, nothing was made in the future.
func IsStale(p *v1alpha1.ReportedProbe, made, now time.Time) bool {
	if made.After(now) {
		made = now
	}
	return p != nil && made.Sub(p.Time.Time) > freshFor
}

// awaited are why RuntimeReady is false while a probe is to come, the first or the
// next one. A node that is not Ready is probed when it is.
var awaited = []string{
	v1alpha1.ReasonProbing, v1alpha1.ReasonProbeInconclusive, v1alpha1.ReasonProbeFailed, v1alpha1.ReasonPending,
}

// IsAwaited says whether a cluster with this reason for RuntimeReady=False waits
// for a probe. How soon nodes are probed again depends on it, so whoever sums up
// several reasons in one must not drop such a one for another.
func IsAwaited(reason string) bool { return slices.Contains(awaited, reason) }
