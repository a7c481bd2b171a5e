package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

var (
	// errAgain ends a session because somebody asked for it.
	errAgain = errors.New("asked to read anew")
	// errEnded ends a session whose watch is over too soon.
	errEnded = errors.New("the API server ends the watch at once")
	// errSilent ends a session whose connection has died without a word, as it
	// does where the network goes away.
	errSilent   = fmt.Errorf("nothing was heard of the API server for %s", silence)
	errUnopened = fmt.Errorf("the API server does not answer within %s", openTimeout)
)

// Run reads and watches until the context ends.
func (s *Source) Run(ctx context.Context) {
	attempts := 0
	for ctx.Err() == nil {
		heard, err := s.session(ctx)
		if heard {
			attempts = 0
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errAgain):
			continue
		}
		attempts++
		if attempts == 1 && isExpired(err) {
			continue // nothing is wrong: what was known had become too old to go on from
		}
		wait := backoff(attempts)
		s.tell(ctx, Update{Status: Status{State: Lost, Err: err, RetryAt: s.clock.Now().Add(wait), Attempts: attempts}})
		s.pause(ctx, wait)
	}
}

func backoff(attempts int) time.Duration {
	return min(firstBackoff<<min(attempts-1, 10), maxBackoff)
}

// pause waits for the time to pass, or for somebody who cannot wait.
func (s *Source) pause(ctx context.Context, d time.Duration) {
	timer := s.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-s.again:
	case <-ctx.Done():
	}
}

func (s *Source) tell(ctx context.Context, u Update) {
	u.ID = s.id
	select {
	case s.out <- u:
	case <-ctx.Done():
	}
}

// session is one list and the watches that follow it. It says whether they
// were of use: an event came, or at least the watch stood for a while.
func (s *Source) session(ctx context.Context) (heard bool, err error) {
	version, err := s.list(ctx)
	if err != nil {
		return false, err
	}
	for {
		began := s.clock.Now()
		next, told, err := s.watch(ctx, version)
		told = told || s.clock.Since(began) >= quick
		heard = heard || told
		if err == nil && !told {
			err = errEnded
		}
		if err != nil {
			return heard, err
		}
		version = next
	}
}

// list reads everything and tells it.
func (s *Source) list(ctx context.Context) (version string, err error) {
	list, err := List(ctx, s.watcher, s.namespace)
	if err != nil {
		return "", err
	}
	changes := make([]Change, len(list.Items))
	for i := range list.Items {
		changes[i] = changed(&list.Items[i])
	}
	s.tell(ctx, Update{Replace: true, Changes: changes, Status: Status{State: Live}})
	return list.ResourceVersion, nil
}

// List reads everything, or gives up after a while. It does not ask a cache of
// the API server, which may be behind.
func List(ctx context.Context, w Watcher, namespace string) (*v1alpha1.VirtualClusterList, error) {
	bounded, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	list, err := w.List(bounded, namespace)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("the API server does not answer within %s", listTimeout)
	}
	return list, err
}

// open begins a watch. A path that has died would keep it waiting for ever.
func (s *Source) open(ctx context.Context, cancel context.CancelCauseFunc, version string) (watch.Interface, error) {
	timer := s.clock.NewTimer(openTimeout)
	defer timer.Stop()
	opened := make(chan struct{})
	defer close(opened)
	go func() {
		select {
		case <-timer.C():
			cancel(errUnopened)
		case <-opened:
		}
	}()
	w, err := s.watcher.Watch(ctx, s.namespace, version)
	if err != nil && errors.Is(context.Cause(ctx), errUnopened) {
		return nil, errUnopened
	}
	return w, err
}

// watch passes on what happens, until the API server ends the watch, which it
// does when its time is over. One that goes on for longer in silence is dead.
func (s *Source) watch(ctx context.Context, version string) (next string, told bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w, err := s.open(ctx, cancel, version)
	if err != nil {
		return version, false, err
	}
	defer w.Stop()
	silent := s.clock.NewTimer(silence)
	defer silent.Stop()
	for {
		select {
		case <-ctx.Done():
			return version, told, ctx.Err()
		case <-s.again:
			return version, told, errAgain
		case <-silent.C():
			return version, told, errSilent
		case e, open := <-w.ResultChan():
			if !open {
				return version, told, nil
			}
			if version, err = s.pass(ctx, e, version); err != nil {
				return version, told, err
			}
			told = true
			silent.Reset(silence)
		}
	}
}

// pass makes a change of an event.
func (s *Source) pass(ctx context.Context, e watch.Event, version string) (string, error) {
	if e.Type == watch.Error {
		return version, apierrors.FromObject(e.Object)
	}
	vc, ok := e.Object.(*v1alpha1.VirtualCluster)
	if !ok {
		return version, fmt.Errorf("watch virtual clusters: got a %T", e.Object)
	}
	if e.Type == watch.Bookmark {
		return vc.ResourceVersion, nil
	}
	c := changed(vc)
	if e.Type == watch.Deleted {
		c.Cluster = nil
	}
	s.tell(ctx, Update{Changes: []Change{c}, Status: Status{State: Live}})
	return vc.ResourceVersion, nil
}

func changed(vc *v1alpha1.VirtualCluster) Change {
	return Change{Key: types.NamespacedName{Namespace: vc.Namespace, Name: vc.Name}, Cluster: vc}
}

// isExpired says whether the API server no longer knows what came after the
// version that was asked for.
func isExpired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}
