package report

import (
	"cmp"
	"context"
	"net"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Snapshot is what is known of one boot of one node.
type Snapshot struct {
	// Report is the newest one, sanitised.
	Report guestapi.Report
	// Facts are those of the first report, weakened by later ones.
	Facts guestapi.Facts
	// StateID is the first that was reported: it does not change in a boot.
	StateID string
	// Restarts is the Target's of the time when the report came.
	Restarts int32
	// Silent is true once the guest has not answered for a minute: the report
	// is what was, not what is.
	Silent bool
}

// Options of a Store. Zero values stand for the real thing.
type Options struct {
	Dial  DialFunc
	Clock Clock
	// Notify is called, from many goroutines, when the snapshot of a node of
	// the cluster changed.
	Notify func(cluster types.NamespacedName)
}

// Store asks the guests of many clusters. It does nothing before Start.
type Store struct {
	opts Options

	mu       sync.Mutex
	ctx      context.Context //nolint:containedctx // that of Start, which the goroutines end with; nil while it does not run
	wg       sync.WaitGroup
	clusters map[types.NamespacedName]map[types.UID]*watch
}

// watch is the state of one target.
type watch struct {
	target   Target
	cancel   context.CancelFunc
	snapshot *Snapshot
}

// New returns a Store that asks nobody yet.
func New(opts Options) *Store {
	if opts.Dial == nil {
		opts.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	if opts.Notify == nil {
		opts.Notify = func(types.NamespacedName) {}
	}
	return &Store{opts: opts, clusters: map[types.NamespacedName]map[types.UID]*watch{}}
}

// Start asks until the context ends, then waits for every goroutine. It is a
// manager.Runnable that runs on the leader only.
func (s *Store) Start(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	for key, watches := range s.clusters {
		for _, w := range watches {
			s.run(key, w)
		}
	}
	s.mu.Unlock()

	<-ctx.Done()
	s.mu.Lock()
	s.ctx = nil
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

// Track makes targets the nodes of a cluster: new ones are asked from now on,
// those that changed are asked anew, and those left out are forgotten.
func (s *Store) Track(cluster types.NamespacedName, targets []Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.clusters[cluster]
	watches := make(map[types.UID]*watch, len(targets))
	for _, t := range targets {
		watches[t.UID] = s.keep(cluster, old[t.UID], t)
	}
	for uid, w := range old {
		if watches[uid] == nil {
			w.stop()
		}
	}
	if len(watches) == 0 {
		delete(s.clusters, cluster)
		return
	}
	s.clusters[cluster] = watches
}

// Forget stops asking the nodes of a cluster.
func (s *Store) Forget(cluster types.NamespacedName) {
	s.Track(cluster, nil)
}

// Snapshot returns what is known of the boot of a pod.
func (s *Store) Snapshot(cluster types.NamespacedName, uid types.UID) (Snapshot, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.clusters[cluster][uid]
	if w == nil || w.snapshot == nil {
		return Snapshot{}, false
	}
	return *w.snapshot, true
}

// keep returns the watch of a target: the old one while nothing changed. What
// is known of a boot outlives a change of its address or credentials.
func (s *Store) keep(cluster types.NamespacedName, old *watch, t Target) *watch {
	if old != nil && old.target == t {
		return old
	}
	w := &watch{target: t, cancel: func() {}}
	if old != nil {
		old.stop()
		w.snapshot = old.snapshot
	}
	if s.ctx != nil {
		s.run(cluster, w)
	}
	return w
}

// run starts the goroutine of a watch; the caller holds the lock.
func (s *Store) run(cluster types.NamespacedName, w *watch) {
	ctx, cancel := context.WithCancel(s.ctx)
	w.cancel = cancel
	p := newPoller(s.opts.Dial, w.target)
	s.wg.Go(func() {
		defer cancel()
		p.run(ctx, s.opts.Clock,
			func(r guestapi.Report) {
				s.change(cluster, w, func(old *Snapshot) *Snapshot { return next(old, r, w.target.Restarts) })
			},
			func() { s.change(cluster, w, silenced) })
	})
}

// change puts another snapshot in the place of the one there is, unless the
// watch was replaced meanwhile.
func (s *Store) change(cluster types.NamespacedName, w *watch, other func(*Snapshot) *Snapshot) {
	s.mu.Lock()
	current := s.clusters[cluster][w.target.UID] == w
	if current {
		w.snapshot = other(w.snapshot)
	}
	s.mu.Unlock()
	if current {
		s.opts.Notify(cluster)
	}
}

// silenced is what is known of a node whose guest does not answer.
func silenced(old *Snapshot) *Snapshot {
	if old == nil {
		return nil
	}
	s := *old
	s.Silent = true
	return &s
}

func next(old *Snapshot, r guestapi.Report, restarts int32) *Snapshot {
	if old == nil {
		return &Snapshot{Report: r, Facts: r.Facts, StateID: r.StateID, Restarts: restarts}
	}
	return &Snapshot{Report: r, Facts: weaker(old.Facts, r.Facts), StateID: cmp.Or(old.StateID, r.StateID), Restarts: restarts}
}

func (w *watch) stop() { w.cancel() }

// dialTimeout bounds one attempt to connect: a pod that is gone does not
// answer at all.
const dialTimeout = 5 * time.Second
