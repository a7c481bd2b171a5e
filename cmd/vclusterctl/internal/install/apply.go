package install

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Outcome says what applying an object did, in kubectl's words.
type Outcome string

// The outcomes.
const (
	Created    Outcome = "created"
	Configured Outcome = "configured"
	Unchanged  Outcome = "unchanged"
)

// Applier applies objects one after the other.
type Applier struct {
	Client client.Client
	// Options of each apply: the field manager, dry run, force.
	Options []client.ApplyOption
	// Done is told the outcome of each object.
	Done func(*unstructured.Unstructured, Outcome)
}

// Apply applies the objects in their order and says whether any changed.
func (a *Applier) Apply(ctx context.Context, objects []*unstructured.Unstructured) (bool, error) {
	changed := false
	for _, u := range objects {
		outcome, err := a.apply(ctx, u)
		if err != nil {
			return changed, fmt.Errorf("apply %s %q: %w", u.GetKind(), u.GetName(), err)
		}
		changed = changed || outcome != Unchanged
		a.Done(u, outcome)
	}
	return changed, nil
}

func (a *Applier) apply(ctx context.Context, u *unstructured.Unstructured) (Outcome, error) {
	before := &unstructured.Unstructured{}
	before.SetGroupVersionKind(u.GroupVersionKind())
	err := a.Client.Get(ctx, client.ObjectKeyFromObject(u), before)
	if err != nil && !apierrors.IsNotFound(err) {
		return "", err
	}
	if err := a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), a.Options...); err != nil {
		return "", err
	}
	switch {
	case before.GetResourceVersion() == "":
		return Created, nil
	case same(before, u):
		return Unchanged, nil
	}
	return Configured, nil
}

// same says whether applying left the object as it was. Its resource version
// does not tell: a dry run keeps it.
func same(before, after *unstructured.Unstructured) bool {
	b, a := before.DeepCopy(), after.DeepCopy()
	for _, u := range []*unstructured.Unstructured{b, a} {
		u.SetManagedFields(nil)
		u.SetResourceVersion("")
	}
	return equality.Semantic.DeepEqual(b.Object, a.Object)
}
