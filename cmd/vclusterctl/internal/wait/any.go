package wait

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Any shows every state of every object that matches to seen, until seen says
// that it is done or fails. Objects that are gone are not shown.
func Any[T client.Object](ctx context.Context, c client.WithWatch, kind T, list client.ObjectList, seen func(T) (bool, error), opts ...client.ListOption) error {
	nothing := func(cache.Store) (bool, error) { return false, nil } // the watch delivers what there is
	_, err := watchtools.UntilWithSync(ctx, listWatch(c, list, opts), kind, nothing, func(e watch.Event) (bool, error) {
		found, ok := e.Object.(T)
		if !ok {
			return false, fmt.Errorf("watch: got a %T", e.Object)
		}
		if e.Type == watch.Deleted {
			return false, nil
		}
		return seen(found)
	})
	return ended(ctx, err)
}
