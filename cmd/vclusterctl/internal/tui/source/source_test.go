package source_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// running is a source with the server and the clock it has.
type running struct {
	*source.Source

	t       *testing.T
	ctx     context.Context
	watcher *tuitest.Watcher
	clock   *clocktesting.FakeClock
}

func start(t *testing.T, clusters ...*v1alpha1.VirtualCluster) *running {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r := &running{t: t, ctx: ctx, watcher: tuitest.NewWatcher(clusters...), clock: clocktesting.NewFakeClock(tuitest.Now)}
	r.Source = source.New(7, r.watcher, "", r.clock)
	return r
}

func (r *running) run() { go r.Run(r.ctx) }

// next is what the source says next.
func (r *running) next() source.Update {
	r.t.Helper()
	u, ok := r.Next(r.ctx)
	if !ok {
		r.t.Fatal("the source says nothing")
	}
	if u.ID != 7 {
		r.t.Errorf("the update is of source %d", u.ID)
	}
	return u
}

// pass lets time pass once somebody waits for it.
func (r *running) pass(d time.Duration) {
	r.t.Helper()
	for !r.clock.HasWaiters() {
		if r.ctx.Err() != nil {
			r.t.Fatal("nobody waits for the clock")
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // the fake clock has nothing to wait for
	}
	r.clock.Step(d)
}

func names(u source.Update) (all []string) {
	for _, c := range u.Changes {
		name := c.Key.Name
		if c.Cluster == nil {
			name = "-" + name
		}
		all = append(all, name)
	}
	return all
}

func key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

func TestLive(t *testing.T) {
	r := start(t, tuitest.Cluster("a"), tuitest.Cluster("b"))
	r.run()
	first := r.next()
	if diff := cmp.Diff([]string{"a", "b"}, names(first)); diff != "" || !first.Replace || first.Status.State != source.Live {
		t.Errorf("the first update: %+v\n%s", first, diff)
	}
	w := r.watcher.Next(r.ctx)
	w.Modify(tuitest.Cluster("a", tuitest.Ready))
	if u := r.next(); u.Replace || len(u.Changes) != 1 || u.Changes[0].Cluster.Status.Nodes != 1 {
		t.Errorf("after a change: %+v", u)
	}
	w.Delete(tuitest.Cluster("b"))
	if u := r.next(); u.Changes[0].Key != key("b") || u.Changes[0].Cluster != nil {
		t.Errorf("after a deletion: %+v", u)
	}
}

// TestBurst: what has come meanwhile is taken at once, in order.
func TestBurst(t *testing.T) {
	r := start(t, tuitest.Cluster("a"))
	r.run()
	w := r.watcher.Next(r.ctx) // the list is in the queue by now
	w.Add(tuitest.Cluster("b"))
	w.Add(tuitest.Cluster("c"))
	w.Delete(tuitest.Cluster("b"))
	var got []string
	for len(got) < 4 {
		got = append(got, names(r.next())...)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "-b"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestEnd: API servers end watches from time to time. That is no fault, and
// nothing is read anew.
func TestEnd(t *testing.T) {
	r := start(t, tuitest.Cluster("a"))
	r.run()
	r.next()
	w := r.watcher.Next(r.ctx)
	r.clock.Step(source.WatchTime)
	w.Stop()
	r.watcher.Next(r.ctx).Add(tuitest.Cluster("b"))
	if u := r.next(); u.Status.State != source.Live || names(u)[0] != "b" {
		t.Errorf("after the watch has ended: %+v", u)
	}
	if n := r.watcher.Lists(); n != 1 {
		t.Errorf("everything was read %d times", n)
	}
}

// TestExpired: what is too old to go on from is read anew at once.
func TestExpired(t *testing.T) {
	r := start(t, tuitest.Cluster("a"))
	r.run()
	r.next()
	w := r.watcher.Next(r.ctx)
	r.watcher.Set(tuitest.Cluster("b"))
	w.Error(&metav1.Status{Status: metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonExpired, Message: "too old resource version"})
	u := r.next()
	if diff := cmp.Diff([]string{"b"}, names(u)); diff != "" || !u.Replace || u.Status.State != source.Live {
		t.Errorf("after 410: %+v\n%s", u, diff)
	}
}

// TestLost: a lost connection is told, with when it is tried next, and comes
// back by itself.
func TestLost(t *testing.T) {
	r := start(t, tuitest.Cluster("a"))
	boom := errors.New("connection refused")
	r.run()
	r.next()
	w := r.watcher.Next(r.ctx)
	r.watcher.Fail(boom, nil)
	w.Error(&metav1.Status{Status: metav1.StatusFailure, Message: "http2: client connection lost"})
	if u := r.next(); u.Status.State != source.Lost || u.Status.Attempts != 1 || !u.Status.RetryAt.Equal(tuitest.Now.Add(500*time.Millisecond)) {
		t.Errorf("after the loss: %+v", u)
	}
	wait := 500 * time.Millisecond
	for attempt := 2; attempt <= 8; attempt++ {
		r.pass(wait)
		u := r.next()
		wait = u.Status.RetryAt.Sub(r.clock.Now())
		if u.Status.State != source.Lost || u.Status.Attempts != attempt || !errors.Is(u.Status.Err, boom) {
			t.Errorf("attempt %d: %+v", attempt, u)
		}
	}
	if wait != 15*time.Second {
		t.Errorf("the patience grows to %s, want 15s", wait)
	}
	r.watcher.Fail(nil, nil)
	r.watcher.Set(tuitest.Cluster("a"), tuitest.Cluster("b"))
	r.Again() // who cannot wait need not
	if u := r.next(); u.Status.State != source.Live || !u.Replace || len(u.Changes) != 2 {
		t.Errorf("after it came back: %+v", u)
	}
}

// TestSilence: where the network goes away nothing says so. Whether a watch is
// dead when it should end, or does not even begin, it is told in time.
func TestSilence(t *testing.T) {
	const promised = 90 * time.Second
	cases := map[string]struct {
		reason string
		die    func(*running)
		why    string
	}{
		"Open": {reason: "Its end is not heard.", die: func(r *running) { r.watcher.Next(r.ctx) }, why: "nothing was heard"},
		"Reopen": {reason: "The next one is never answered.", die: func(r *running) {
			w := r.watcher.Next(r.ctx)
			r.clock.Step(source.WatchTime)
			r.watcher.Hang()
			w.Stop()
			r.watcher.Hung(r.ctx)
		}, why: "does not answer"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := start(t, tuitest.Cluster("a"))
			r.run()
			r.next()
			begin := r.clock.Now()
			tc.die(r)
			r.pass(promised - r.clock.Since(begin))
			if u := r.next(); u.Status.State != source.Lost || !strings.Contains(u.Status.Err.Error(), tc.why) {
				t.Errorf("%s After %s: %+v", tc.reason, promised, u)
			}
		})
	}
}

// TestAlive: a watch on which something happens is not dead, however long it
// goes on.
func TestAlive(t *testing.T) {
	r := start(t, tuitest.Cluster("a"))
	r.run()
	r.next()
	w := r.watcher.Next(r.ctx)
	for range 3 {
		r.pass(source.WatchTime)
		w.Modify(tuitest.Cluster("a"))
		if u := r.next(); u.Status.State != source.Live {
			t.Errorf("after an event: %+v", u)
		}
		r.watcherIdle()
	}
}

// watcherIdle waits until the source is about to wait for the next event.
func (r *running) watcherIdle() {
	time.Sleep(20 * time.Millisecond) //nolint:forbidigo // nothing tells that a timer was set anew
}

// TestForbidden: rights can be given later.
func TestForbidden(t *testing.T) {
	r := start(t)
	r.watcher.Fail(apierrors.NewForbidden(v1alpha1.Resource("virtualclusters"), "", nil), nil)
	r.run()
	if u := r.next(); u.Status.State != source.Lost || !apierrors.IsForbidden(u.Status.Err) || u.Replace {
		t.Errorf("without rights: %+v", u)
	}
	r.watcher.Fail(nil, nil)
	r.pass(time.Second)
	if u := r.next(); u.Status.State != source.Live || !u.Replace {
		t.Errorf("with rights: %+v", u)
	}
}

// TestRightAfter: a server that lets list but not watch is not asked without
// end, and patience grows although every list works.
func TestRightAfter(t *testing.T) {
	r := start(t)
	r.watcher.Fail(nil, errors.New("no watch"))
	r.run()
	for attempt := 1; attempt <= 4; attempt++ {
		u := r.next()
		for u.Status.State != source.Lost {
			u = r.next()
		}
		if u.Status.Attempts != attempt {
			t.Errorf("attempt %d: %+v", attempt, u.Status)
		}
		r.pass(u.Status.RetryAt.Sub(r.clock.Now()))
	}
}

// TestAgain: whoever asks gets everything anew, also while all is well.
func TestAgain(t *testing.T) {
	r := start(t, tuitest.Cluster("a"))
	r.run()
	r.next()
	r.watcher.Next(r.ctx)
	r.Again()
	if u := r.next(); !u.Replace || u.Status.State != source.Live {
		t.Errorf("after Again(): %+v", u)
	}
}

// TestOver: nothing is said after the end.
func TestOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := source.New(1, tuitest.NewWatcher(), "", clocktesting.NewFakeClock(tuitest.Now))
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	if _, ok := s.Next(ctx); !ok {
		t.Fatal("the source says nothing")
	}
	cancel()
	<-done
	if u, ok := s.Next(ctx); ok && u.Status.State == source.Lost {
		t.Errorf("the end was told as a loss: %+v", u)
	}
}

// TestBackpressure: a screen that is busy loses nothing.
func TestBackpressure(t *testing.T) {
	r := start(t)
	r.run()
	r.next()
	w := r.watcher.Next(r.ctx)
	const n = 1000
	go func() {
		for i := range n {
			w.Add(tuitest.Cluster("c" + strconv.Itoa(i)))
		}
	}()
	for got := 0; got < n; {
		u := r.next()
		for _, c := range u.Changes {
			if want := "c" + strconv.Itoa(got); c.Key.Name != want {
				t.Fatalf("got %s, want %s", c.Key.Name, want)
			}
			got++
		}
	}
}
