package tuitest

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Watcher is an API server that does what it is told. Its watches hear what is
// sent with Send, in order.
type Watcher struct {
	mu       sync.Mutex
	clusters []v1alpha1.VirtualCluster
	listErr  error
	watchErr error
	watches  chan *watch.FakeWatcher
	lists    int
	// unheard is there from the second list on, and no watch speaks of it.
	unheard *v1alpha1.VirtualCluster
	hangs   bool
	hung    chan struct{}
}

// NewWatcher is a server with clusters.
func NewWatcher(clusters ...*v1alpha1.VirtualCluster) *Watcher {
	w := &Watcher{watches: make(chan *watch.FakeWatcher, 64), hung: make(chan struct{}, 64)}
	w.Set(clusters...)
	return w
}

// Set replaces what there is; watches do not hear of it.
func (w *Watcher) Set(clusters ...*v1alpha1.VirtualCluster) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clusters = nil
	for _, vc := range clusters {
		w.clusters = append(w.clusters, *vc)
	}
}

// Fail makes lists and watches fail; nil lets them work again.
func (w *Watcher) Fail(list, watch error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listErr, w.watchErr = list, watch
}

// Lists says how often everything was read.
func (w *Watcher) Lists() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lists
}

// List implements source.Watcher.
func (w *Watcher) List(ctx context.Context, namespace string) (*v1alpha1.VirtualClusterList, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lists++
	if w.listErr != nil {
		return nil, w.listErr
	}
	if w.unheard != nil && w.lists > 1 {
		w.clusters, w.unheard = append(w.clusters, *w.unheard), nil
	}
	list := &v1alpha1.VirtualClusterList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
	for _, vc := range w.clusters {
		if namespace == "" || vc.Namespace == namespace {
			list.Items = append(list.Items, vc)
		}
	}
	return list, ctx.Err()
}

// Hang makes it not answer to watches any more, as where the network is gone.
func (w *Watcher) Hang() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hangs = true
}

// Hung waits for somebody who watches and gets no answer.
func (w *Watcher) Hung(ctx context.Context) {
	select {
	case <-w.hung:
	case <-ctx.Done():
	}
}

// Watch implements source.Watcher.
func (w *Watcher) Watch(ctx context.Context, _, _ string) (watch.Interface, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hangs {
		w.hung <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if w.watchErr != nil {
		return nil, w.watchErr
	}
	f := watch.NewFakeWithChanSize(64, false)
	w.watches <- f
	return f, nil
}

// Next waits for a watch to begin.
func (w *Watcher) Next(ctx context.Context) *watch.FakeWatcher {
	select {
	case f := <-w.watches:
		return f
	case <-ctx.Done():
		return nil
	}
}
