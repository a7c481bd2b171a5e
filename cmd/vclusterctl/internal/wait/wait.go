// Package wait blocks until the API server's watch says that something has
// come about. Nothing in it polls.
package wait

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Until shows every state of one object to seen, beginning with the present
// one, until seen says that it is done or fails. The object that seen gets is
// nil once there is none.
func Until[T client.Object](ctx context.Context, c client.WithWatch, obj T, list client.ObjectList, seen func(T, bool) (bool, error)) error {
	key := client.ObjectKeyFromObject(obj)
	opts := []client.ListOption{
		client.InNamespace(key.Namespace),
		client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", key.Name)},
	}
	exists := func(store cache.Store) (bool, error) {
		if len(store.List()) > 0 {
			return false, nil // the watch delivers it
		}
		return seen(obj, false)
	}
	_, err := watchtools.UntilWithSync(ctx, listWatch(c, list, opts), obj, exists, func(e watch.Event) (bool, error) {
		found, ok := e.Object.(T)
		if !ok {
			return false, fmt.Errorf("watch %s: got a %T", key, e.Object)
		}
		return seen(found, e.Type != watch.Deleted)
	})
	return ended(ctx, err)
}

// ended puts the reason why waiting ended in place of the watch's own words.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func listWatch(c client.WithWatch, list client.ObjectList, opts []client.ListOption) cache.ListerWatcher {
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			into := list.DeepCopyObject().(client.ObjectList)
			err := c.List(ctx, into, append([]client.ListOption{&client.ListOptions{Raw: &o}}, opts...)...)
			return into, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			into := list.DeepCopyObject().(client.ObjectList)
			return c.Watch(ctx, into, append([]client.ListOption{&client.ListOptions{Raw: &o}}, opts...)...)
		},
	}
	return cache.ToListWatcherWithWatchListSemantics(lw, c)
}

// Gone blocks until no object of the list's kind matches that counts. Another
// object that gets the name of one that counted need not.
func Gone(ctx context.Context, c client.WithWatch, obj client.Object, list client.ObjectList, counts func(client.Object) bool, opts ...client.ListOption) error {
	left := map[client.ObjectKey]bool{}
	note := func(o client.Object, exists bool) {
		if key := client.ObjectKeyFromObject(o); exists && counts(o) {
			left[key] = true
		} else {
			delete(left, key)
		}
	}
	empty := func(store cache.Store) (bool, error) {
		for _, o := range store.List() {
			note(o.(client.Object), true)
		}
		return len(left) == 0, nil
	}
	_, err := watchtools.UntilWithSync(ctx, listWatch(c, list, opts), obj, empty, func(e watch.Event) (bool, error) {
		note(e.Object.(client.Object), e.Type != watch.Deleted)
		return len(left) == 0, nil
	})
	return ended(ctx, err)
}
