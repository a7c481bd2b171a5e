package source

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// WatchTime is for how long a Watcher asks the API server to watch. The end of
// that time is the only thing that is surely heard of a connection on which
// nothing happens, so it says how soon one that has died is noticed.
const WatchTime = time.Minute

// Watcher asks the API server. An empty namespace is all of them. A watch ends
// after WatchTime.
type Watcher interface {
	List(ctx context.Context, namespace string) (*v1alpha1.VirtualClusterList, error)
	Watch(ctx context.Context, namespace, resourceVersion string) (watch.Interface, error)
}

// State is how the source stands with the API server.
type State int

// The states.
const (
	// Loading: nothing has been heard yet.
	Loading State = iota
	// Live: whatever changes is heard of at once.
	Live
	// Lost: what is known may be out of date.
	Lost
)

// Status says how current everything is.
type Status struct {
	State State
	// Err is why the connection was lost, RetryAt when it is tried next.
	Err     error
	RetryAt time.Time
	// Attempts have failed in a row.
	Attempts int
}

// Change is what happened to one cluster.
type Change struct {
	Key types.NamespacedName
	// Cluster is nil if it is gone.
	Cluster *v1alpha1.VirtualCluster
}

// Update is what a source says. It is a message of the TUI.
type Update struct {
	// ID is that of the source: what an abandoned one still says is of no
	// interest.
	ID int
	// Replace means that only what is in Changes exists.
	Replace bool
	Changes []Change
	Status  Status
}

// The limits of patience.
const (
	listTimeout = 20 * time.Second
	openTimeout = 10 * time.Second
	// silence is how long a watch may go on without a word. It and openTimeout
	// together are less than the minute and a half that people are promised.
	silence      = WatchTime + 15*time.Second
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 15 * time.Second
	// quick is how soon a watch that ends without a word has ended too soon:
	// asking again at once would never stop.
	quick = time.Second
	// queue bounds what is not taken yet; beyond it the API server waits.
	queue = 256
)

// Source is one subscription, to one namespace or all.
type Source struct {
	id        int
	watcher   Watcher
	namespace string
	clock     clock.WithTicker
	out       chan Update
	again     chan struct{}
}

// New is a source that has not begun.
func New(id int, w Watcher, namespace string, c clock.WithTicker) *Source {
	return &Source{id: id, watcher: w, namespace: namespace, clock: c, out: make(chan Update, queue), again: make(chan struct{}, 1)}
}

// ID tells this source from others.
func (s *Source) ID() int { return s.id }

// Again makes it read everything anew at once, also while it waits to try
// again.
func (s *Source) Again() {
	select {
	case s.again <- struct{}{}:
	default: // it was told already
	}
}

// Next waits for news and takes all there are. It says false once the context
// has ended.
func (s *Source) Next(ctx context.Context) (Update, bool) {
	var all Update
	select {
	case all = <-s.out:
	case <-ctx.Done():
		return Update{}, false
	}
	for {
		select {
		case more := <-s.out:
			all = all.then(more)
		default:
			return all, true
		}
	}
}

// then is what two updates say together.
func (u Update) then(next Update) Update {
	if next.Replace {
		return next
	}
	u.Changes = append(u.Changes, next.Changes...)
	u.Status = next.Status
	return u
}

// Of is what an update says of one cluster: told is false if nothing, the
// cluster is nil if there is none.
func (u Update) Of(key types.NamespacedName) (vc *v1alpha1.VirtualCluster, told bool) {
	told = u.Replace
	for _, c := range u.Changes {
		if c.Key == key {
			vc, told = c.Cluster, true
		}
	}
	return vc, told
}
