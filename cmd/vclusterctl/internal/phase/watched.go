package phase

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Watched is one cluster that is looked at again and again. The zero value has
// not been looked at.
type Watched struct {
	// uid and spec are those of the cluster when its status was about its spec.
	uid  types.UID
	spec *v1alpha1.VirtualClusterSpec
}

// Of lists the phases as the function Of does, only that a cluster whose end was
// moved has not gone back to its beginning: what the status says of the spec
// before is true of this one.
func (w *Watched) Of(vc *v1alpha1.VirtualCluster) []Phase {
	spec := endless(vc)
	if takenUp(vc) {
		w.uid, w.spec = vc.UID, spec
	}
	return of(vc, w.spec != nil && w.uid == vc.UID && equality.Semantic.DeepEqual(w.spec, spec))
}

// endless is a spec without when the cluster is deleted.
func endless(vc *v1alpha1.VirtualCluster) *v1alpha1.VirtualClusterSpec {
	spec := vc.Spec.DeepCopy()
	spec.Lifecycle.TTLSeconds = 0
	return spec
}
