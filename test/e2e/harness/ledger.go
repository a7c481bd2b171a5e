package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	ledgerNamespace = "default"
	ledgerLabel     = "ledger"
	ledgerKey       = "entry"
	// ledgerPeriod is the time between two entries, and entryTimeout how long
	// an answer is waited for.
	ledgerPeriod = 250 * time.Millisecond
	entryTimeout = 3 * time.Second
)

// Ledger writes into a virtual cluster without end, one entry after the other,
// and remembers what was acknowledged: each of these must be found again,
// whatever happens to the cluster. What got no answer is nobody's loss.
type Ledger struct {
	cluster *Cluster
	cancel  context.CancelFunc
	done    chan struct{}

	mu sync.Mutex
	// next is the number of the next entry.
	next int
	// there and gone are the entries whose making or removal was acknowledged
	// last.
	there, gone map[string]string
	acked       int
	refused     error
}

// OpenLedger begins to write.
func OpenLedger(ctx context.Context, c *Cluster) (*Ledger, error) {
	fresh, err := c.withoutKeepAlive()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &Ledger{cluster: fresh, cancel: cancel, done: make(chan struct{}), there: map[string]string{}, gone: map[string]string{}}
	go l.write(ctx)
	return l, nil
}

// withoutKeepAlive is the same cluster over a connection of its own for each
// request: one that is kept can hang on an address that is gone.
func (c *Cluster) withoutKeepAlive() (*Cluster, error) {
	tls, err := rest.TLSConfigFor(c.Config)
	if err != nil {
		return nil, err
	}
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: tls, DisableKeepAlives: true}}
	direct, err := client.NewWithWatch(c.Config, client.Options{Scheme: c.Scheme(), HTTPClient: plain})
	if err != nil {
		return nil, err
	}
	return &Cluster{WithWatch: direct, Config: c.Config, Clientset: c.Clientset}, nil
}

// Close ends the writing.
func (l *Ledger) Close() {
	l.cancel()
	<-l.done
}

// Acknowledged counts the writes that were, and tells how the last one was not.
func (l *Ledger) Acknowledged() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked, l.refused
}

func (l *Ledger) write(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(ledgerPeriod)
	defer ticker.Stop()
	for {
		l.add(ctx, "")
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Add writes one more entry, followed by ballast.
func (l *Ledger) Add(ctx context.Context, ballast string) error { return l.add(ctx, ballast) }

// add makes an entry, and with every fourth removes one made before.
func (l *Ledger) add(ctx context.Context, ballast string) error {
	l.mu.Lock()
	n := l.next
	l.next++
	l.mu.Unlock()
	err := l.create(ctx, n, ballast)
	if err == nil && n%4 == 3 {
		err = l.remove(ctx, n-2)
	}
	return err
}

func entry(n int) *corev1.ConfigMap {
	name := fmt.Sprintf("ledger-%06d", n)
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: ledgerNamespace, Name: name, Labels: map[string]string{ledgerLabel: "true"}},
		Data:       map[string]string{ledgerKey: "entry of " + name},
	}
}

func (l *Ledger) create(ctx context.Context, n int, ballast string) error {
	ctx, cancel := context.WithTimeout(ctx, entryTimeout)
	defer cancel()
	e := entry(n)
	if ballast != "" {
		e.Data["ballast"] = ballast
	}
	err := l.cluster.Create(ctx, e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused = err; err == nil {
		l.acked++
		l.there[e.Name] = e.Data[ledgerKey]
	}
	return err
}

// remove removes an entry. Without an answer nobody knows whether it is there.
func (l *Ledger) remove(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, entryTimeout)
	defer cancel()
	e := entry(n)
	l.mu.Lock()
	_, known := l.there[e.Name]
	delete(l.there, e.Name)
	l.mu.Unlock()
	if !known {
		return nil
	}
	err := l.cluster.Delete(ctx, e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused = err; err == nil {
		l.acked++
		l.gone[e.Name] = ""
	}
	return err
}

// Check compares what is there with what was acknowledged before.
func (l *Ledger) Check(ctx context.Context) error {
	l.mu.Lock()
	there, gone := maps.Clone(l.there), maps.Clone(l.gone)
	l.mu.Unlock()
	found, err := l.read(ctx)
	if err != nil {
		return err
	}
	var lost []error
	for name, want := range there {
		if got, ok := found[name]; (!ok || got != want) && !l.removedSince(name) {
			lost = append(lost, fmt.Errorf("entry %s was acknowledged and is lost: want %q, got %q", name, want, got))
		}
	}
	for name := range gone {
		if _, ok := found[name]; ok {
			lost = append(lost, fmt.Errorf("the removal of entry %s was acknowledged, and it is back", name))
		}
	}
	const most = 5
	if len(lost) > most {
		lost = append(lost[:most], fmt.Errorf("and %d more", len(lost)-most))
	}
	return errors.Join(lost...)
}

// removedSince says whether an entry went by our own hand while it was looked
// for.
func (l *Ledger) removedSince(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, still := l.there[name]
	return !still
}

// read reads all entries, until the cluster answers.
func (l *Ledger) read(ctx context.Context) (map[string]string, error) {
	var list corev1.ConfigMapList
	err := l.cluster.Eventually(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return l.cluster.List(ctx, &list, client.InNamespace(ledgerNamespace), client.HasLabels{ledgerLabel})
	})
	found := map[string]string{}
	for _, e := range list.Items {
		found[e.Name] = e.Data[ledgerKey]
	}
	return found, err
}

// Forget removes every entry and begins anew with nothing.
func (l *Ledger) Forget(ctx context.Context) error {
	l.mu.Lock()
	l.there, l.gone = map[string]string{}, map[string]string{}
	l.mu.Unlock()
	err := l.cluster.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace(ledgerNamespace), client.HasLabels{ledgerLabel})
	return ignoreNotFound(err)
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
