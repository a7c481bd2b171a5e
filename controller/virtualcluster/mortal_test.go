package virtualcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
	"github.com/vclusterctl/vclusterctl/test/truth"
)

// errDead is what a dead controller's requests end with.
var errDead = errors.New("the controller is dead")

// mortal is the transport of a controller that dies: it lets some writes
// through, and nothing at all after the last of them.
type mortal struct {
	next    http.RoundTripper
	witness *witness
	// last is the write after which the controller dies; 0 means never.
	last int
	// loseAnswer lets the last write happen and its answer be lost.
	loseAnswer bool
	// passed is called after each write with its number.
	passed func(n int)

	mu     sync.Mutex
	writes int
	dead   bool
}

func (m *mortal) RoundTrip(req *http.Request) (*http.Response, error) {
	if m.isDead() {
		return nil, errDead
	}
	resp, err := m.next.RoundTrip(req)
	if err != nil || req.Method == http.MethodGet || req.URL.Query().Has("dryRun") {
		return resp, err
	}
	if resp.StatusCode < 300 && strings.HasSuffix(req.URL.Path, "/status") {
		m.witness.hear(resp)
	}
	n := m.count()
	if m.passed != nil {
		m.passed(n)
	}
	if m.isDead() && m.loseAnswer {
		_ = resp.Body.Close()
		return nil, errDead
	}
	return resp, nil
}

func (m *mortal) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	m.dead = m.dead || m.writes == m.last
	return m.writes
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// witness has read every status that was ever written in a namespace.
type witness struct {
	t *testing.T

	mu       sync.Mutex
	statuses []*v1alpha1.VirtualCluster
}

// hear reads the answer to a write of a status.
func (w *witness) hear(resp *http.Response) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	vc := &v1alpha1.VirtualCluster{}
	if err = errors.Join(err, json.Unmarshal(body, vc)); err != nil {
		w.t.Errorf("read a status: %v", err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses = append(w.statuses, vc)
}

// testify fails the test if a status was untrue, alone or after the one before.
func (w *witness) testify() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.statuses, func(a, b *v1alpha1.VirtualCluster) int { return version(w.t, a) - version(w.t, b) })
	last := map[string]*v1alpha1.VirtualCluster{}
	for _, vc := range w.statuses {
		err := truth.Check(vc)
		if before := last[vc.Name]; before != nil {
			err = errors.Join(err, truth.Follows(before, vc))
		}
		if err != nil {
			w.t.Errorf("status %s of %q: %v", vc.ResourceVersion, vc.Name, err)
		}
		last[vc.Name] = vc
	}
}

func version(t *testing.T, vc *v1alpha1.VirtualCluster) int {
	n, err := strconv.Atoi(vc.ResourceVersion)
	if err != nil {
		t.Error(err)
	}
	return n
}

// life is one instance of the controller.
type life struct {
	r      *Reconciler
	mortal *mortal
}

// start starts a new instance of the controller, which remembers nothing.
func (w *world) start(m *mortal) life {
	w.t.Helper()
	m.witness = w.witness
	cfg := envtest.Config(w.t)
	cfg.QPS, cfg.Burst = 1000, 1000
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		m.next = next
		return m
	})
	c, err := client.New(cfg, client.Options{Scheme: envtest.Scheme(w.t), FieldOwner: v1alpha1.FieldOwner})
	if err != nil {
		w.t.Fatal(err)
	}
	opts := w.opts
	opts.Client, opts.Live = c, c
	return life{r: New(opts), mortal: m}
}

// live lets an instance work on a cluster, and the host with it, until nothing
// changes any more, the instance is dead, or the cluster is gone. It returns the
// writes.
func (w *world) live(l life, name string) int {
	w.t.Helper()
	ctx, die := context.WithCancel(w.t.Context())
	defer die()
	for range 60 {
		vc := &v1alpha1.VirtualCluster{}
		if err := w.client.Get(w.t.Context(), w.key(name), vc); client.IgnoreNotFound(err) != nil {
			w.t.Fatal(err)
		} else if err != nil {
			return l.mortal.writes
		}
		before := l.mortal.writes
		_, err := l.r.Reconcile(ctx, vc)
		if l.mortal.isDead() {
			return l.mortal.writes
		}
		if err != nil && !isRace(err) {
			w.t.Fatalf("reconcile %q: %v", name, err)
		}
		if played := w.play(name); !played && err == nil && l.mortal.writes == before {
			return l.mortal.writes
		}
	}
	w.t.Fatalf("cluster %q does not settle", name)
	return 0
}
