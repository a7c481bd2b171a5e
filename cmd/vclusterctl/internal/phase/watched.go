package phase

import (
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Watched is one cluster that is looked at again and again. The zero value has
// not been looked at.
type Watched struct {
	// takenUp is the cluster as it was when its status was about its spec.
	takenUp *v1alpha1.VirtualCluster
}

// Of lists the phases as the function Of does, only that a cluster whose end was
// moved has not gone back to its beginning: what the status says of the spec
// before is true of this one.
func (w *Watched) Of(vc *v1alpha1.VirtualCluster) []Phase {
	if takenUp(vc) {
		w.takenUp = vc.DeepCopy()
	}
	return of(vc, w.onlyEndMoved(vc))
}

func (w *Watched) onlyEndMoved(vc *v1alpha1.VirtualCluster) bool {
	return w.takenUp != nil && w.takenUp.UID == vc.UID && equality.Semantic.DeepEqual(endless(w.takenUp), endless(vc))
}

// endless is a spec without when the cluster is deleted.
func endless(vc *v1alpha1.VirtualCluster) *v1alpha1.VirtualClusterSpec {
	spec := vc.Spec.DeepCopy()
	spec.Lifecycle.TTLSeconds = 0
	return spec
}
