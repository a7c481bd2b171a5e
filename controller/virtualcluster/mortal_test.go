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

// mortal says how an instance of the controller dies: see envtest.Mortal.
type mortal struct {
	last       int
	loseAnswer bool
	passed     func(n int)
	*envtest.Mortal
}

// counter counts requests that are meant to change something.
type counter struct {
	next http.RoundTripper

	mu      sync.Mutex
	writes  []string
	dryRuns int
	fail    func(*http.Request) error
}

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	fail := c.fail
	switch {
	case req.Method == http.MethodGet:
	case req.URL.Query().Has("dryRun"):
		c.dryRuns++
	default:
		c.writes = append(c.writes, req.Method+" "+req.URL.Path)
	}
	c.mu.Unlock()
	if fail != nil {
		if err := fail(req); err != nil {
			return nil, err
		}
	}
	return c.next.RoundTrip(req)
}

// take returns the writes since it was last asked.
func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.writes
	c.writes = nil
	return out
}

// witness has read every status that was ever written in a namespace.
type witness struct {
	t *testing.T

	mu       sync.Mutex
	statuses []*v1alpha1.VirtualCluster
}

// hear reads the answer to a write, if it is of a status.
func (w *witness) hear(req *http.Request, resp *http.Response) {
	if resp.StatusCode >= http.StatusMultipleChoices || !strings.HasSuffix(req.URL.Path, "/status") {
		return
	}
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
	m.Mortal = &envtest.Mortal{Last: m.last, LoseAnswer: m.loseAnswer, Heard: w.witness.hear, Passed: func(n int) {
		if m.passed != nil {
			m.passed(n)
		}
	}}
	c := m.Client(w.t, v1alpha1.FieldOwner)
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
			return l.mortal.Writes()
		}
		before := l.mortal.Writes()
		_, err := l.r.Reconcile(ctx, vc)
		if l.mortal.Dead() {
			return l.mortal.Writes()
		}
		if err != nil && !isRace(err) {
			w.t.Fatalf("reconcile %q: %v", name, err)
		}
		if played := w.play(name); !played && err == nil && l.mortal.Writes() == before {
			return l.mortal.Writes()
		}
	}
	w.t.Fatalf("cluster %q does not settle", name)
	return 0
}
