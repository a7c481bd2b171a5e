package probe

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// waiting are the runtimes that clusters wait for a node to prove, each with when
// the youngest of these clusters was made.
type waiting map[v1alpha1.RuntimeProfile]time.Time

// waits says whether a cluster waits for a probe. One that is paused wants no
// nodes, but what is made of it before any has to be resolved, and the distro may
// be the nodes' to decide.
func waits(vc *v1alpha1.VirtualCluster) bool {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionRuntimeReady)
	return vc.DeletionTimestamp == nil && (!vc.Spec.Lifecycle.IsPaused() || vc.Status.Resolved == nil) &&
		c != nil && c.Status == metav1.ConditionFalse && runtimeprobe.IsAwaited(c.Reason)
}

// waitingFor gathers what clusters wait for.
func waitingFor(clusters []v1alpha1.VirtualCluster, profiles []profile.Profile) waiting {
	out := waiting{}
	for i := range clusters {
		vc := &clusters[i]
		if !waits(vc) {
			continue
		}
		for _, g := range append([]cluster.Group{cluster.Servers(vc.Spec)}, cluster.Pools(vc.Spec)...) {
			for _, p := range profiles {
				k := p.Knowledge()
				made := vc.CreationTimestamp.Time
				if asks(g.Runtime, k) && out[k.Name].Before(made) {
					out[k.Name] = made
				}
			}
		}
	}
	return out
}

// asks says whether a runtime that is asked for may come to be this one.
func asks(r v1alpha1.Runtime, k profile.Knowledge) bool {
	if r.Profile == v1alpha1.RuntimeAuto {
		return k.OnlyByName == ""
	}
	return r.Profile == k.Name
}

// staleFor says whether somebody waits for whom the last probe of a runtime is no
// answer any more.
func (w *world) staleFor(k profile.Knowledge, last *v1alpha1.ReportedProbe) bool {
	made, ok := w.waiting[k.Name]
	return ok && !good(k, last.Verdict) && runtimeprobe.IsStale(last, made, w.now)
}

// longest is how long nobody looks whether a node that failed has been mended.
func (w *world) longest(k profile.Knowledge) time.Duration {
	if _, ok := w.waiting[k.Name]; ok {
		return waitedPause
	}
	return lastPause
}

// startsToWait wakes for clusters that wait since a moment ago, and for those that
// wait for something else.
func startsToWait() predicate.Predicate {
	waitsNow := func(e event.CreateEvent) bool {
		vc, ok := e.Object.(*v1alpha1.VirtualCluster)
		return ok && waits(vc)
	}
	return predicate.Funcs{
		CreateFunc: waitsNow,
		UpdateFunc: func(e event.UpdateEvent) bool {
			old, ok := e.ObjectOld.(*v1alpha1.VirtualCluster)
			updated, ok2 := e.ObjectNew.(*v1alpha1.VirtualCluster)
			return ok && ok2 && waits(updated) && (!waits(old) || old.Generation != updated.Generation)
		},
		DeleteFunc: func(event.DeleteEvent) bool { return false },
	}
}
