package virtualcluster

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// plan is what a reconciliation is going to write, in this order.
type plan struct {
	creates []client.Object
	applies []applied
	deletes []client.Object
	err     error
}

// applied is one object to be applied because it differs from what is.
type applied struct {
	config runtime.ApplyConfiguration
	// exists says whether the object was there and is ours: only then are
	// fields taken over from other field managers.
	exists bool
	// secret is true for Secrets, which no cache holds.
	secret bool
	// group is set on StatefulSets: the group whose pods it would make.
	group string
}

// create plans a plain create, which fails where something exists.
func (p *plan) create(obj client.Object) { p.creates = append(p.creates, obj) }

// remove plans a deletion.
func (p *plan) remove(obj client.Object) { p.deletes = append(p.deletes, obj) }

// drop takes the StatefulSet of a group out of the plan.
func (p *plan) drop(group string) {
	var kept []applied
	for _, a := range p.applies {
		if a.group != group {
			kept = append(kept, a)
		}
	}
	p.applies = kept
}

// configuration is what all apply configurations of top-level objects are.
type configuration[C any] interface {
	runtime.ApplyConfiguration
	*C
	WithUID(types.UID) *C
}

// object is a pointer to an API type.
type object[O any] interface {
	client.Object
	*O
}

// apply plans to apply a configuration, if what we own of the observed object
// differs from it.
func apply[O, C any, OP object[O], CP configuration[C]](p *plan, observed OP, config CP, extract func(OP, string) (*C, error)) *applied {
	if observed == nil {
		p.applies = append(p.applies, applied{config: config})
		return &p.applies[len(p.applies)-1]
	}
	ours, err := extract(observed, v1alpha1.FieldOwner)
	if err != nil {
		p.err = fmt.Errorf("read what we own of %T %q: %w", observed, observed.GetName(), err)
		return nil
	}
	if equality.Semantic.DeepEqual(CP(ours), config) {
		return nil
	}
	// The UID makes the API server refuse if the object was replaced by
	// another one meanwhile.
	config.WithUID(observed.GetUID())
	p.applies = append(p.applies, applied{config: config, exists: true})
	return &p.applies[len(p.applies)-1]
}
