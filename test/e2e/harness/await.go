package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// Await watches the object of obj's name until done says so, and returns it as
// it was then. It survives an API server that goes away and comes back. When
// time runs out the error says, in the last words of done, what was missing.
func Await[T client.Object](ctx context.Context, c *Cluster, obj T, done func(T) (bool, string)) (T, error) {
	words := "it does not exist"
	var found T
	err := c.again(ctx, func() error {
		return c.follow(ctx, obj, nil, func(e watch.Event) bool {
			if e.Type == watch.Deleted {
				words = "it was deleted"
				return false
			}
			var ok bool
			found = e.Object.(T)
			ok, words = done(found)
			return ok
		})
	})
	if err != nil {
		return found, fmt.Errorf("wait for %T %q: %w: %s", obj, client.ObjectKeyFromObject(obj), err, words)
	}
	return found, nil
}

// AwaitGone watches until there is no object of obj's name.
func AwaitGone(ctx context.Context, c *Cluster, obj client.Object) error {
	// The watch begins first: what goes after this look is seen by it.
	absent := func() bool {
		return apierrors.IsNotFound(c.Get(ctx, client.ObjectKeyFromObject(obj), obj))
	}
	err := c.again(ctx, func() error {
		return c.follow(ctx, obj, absent, func(e watch.Event) bool { return e.Type == watch.Deleted })
	})
	if err != nil {
		return fmt.Errorf("wait for %T %q to be gone: %w", obj, client.ObjectKeyFromObject(obj), err)
	}
	return nil
}

var errClosed = errors.New("the watch was closed")

// follow calls seen with every event about one object until it says that it is
// done. A watch without a resource version begins with what is there.
func (c *Cluster) follow(ctx context.Context, obj client.Object, first func() bool, seen func(watch.Event) bool) error {
	list, err := c.listOf(obj)
	if err != nil {
		return err
	}
	name := client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", obj.GetName())}
	w, err := c.Watch(ctx, list, client.InNamespace(obj.GetNamespace()), name)
	if err != nil {
		return err
	}
	defer w.Stop()
	if first != nil && first() {
		return nil
	}
	for e := range w.ResultChan() {
		if e.Type == watch.Error {
			return apierrors.FromObject(e.Object)
		}
		if e.Type != watch.Bookmark && seen(e) {
			return nil
		}
	}
	return errClosed
}

// listOf is an empty list for objects like the given one.
func (c *Cluster) listOf(obj client.Object) (client.ObjectList, error) {
	gvk, err := apiutil.GVKForObject(obj, c.Scheme())
	if err != nil {
		return nil, err
	}
	gvk.Kind += "List"
	if _, ok := obj.(*metav1.PartialObjectMetadata); ok {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(gvk)
		return &list, nil
	}
	list, err := c.Scheme().New(gvk)
	if err != nil {
		return nil, err
	}
	return list.(client.ObjectList), nil
}

// again repeats what fails until time runs out: nobody tells when an API server
// that does not answer does so again.
func (c *Cluster) again(ctx context.Context, try func() error) error {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	var last error
	for {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // that of a try that was cut short says nothing
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-ticker.C:
		}
	}
}

// Eventually repeats what is allowed to fail for a while and that no watch can
// tell, like a packet that gets through.
func (c *Cluster) Eventually(ctx context.Context, try func() error) error {
	return c.again(ctx, try)
}

// Names lists the names of the objects in a list, in their order.
func Names(list client.ObjectList) []string {
	var names []string
	_ = meta.EachListItem(list, func(o runtime.Object) error {
		names = append(names, o.(client.Object).GetName())
		return nil
	})
	return names
}
