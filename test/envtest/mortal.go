package envtest

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ErrDead is what the requests of a dead controller end with.
var ErrDead = errors.New("the controller is dead")

// Mortal is the transport of a controller that dies: it lets some writes
// through, and nothing at all after the last of them. A write is what is meant to
// change something, whatever the API server says to it.
type Mortal struct {
	// Last is the write after which the controller dies; 0 means never.
	Last int
	// LoseAnswer lets the last write happen and its answer be lost.
	LoseAnswer bool
	// Heard, where set, is given the answer to each write before anybody else.
	Heard func(*http.Request, *http.Response)
	// Passed, where set, is called after each write with its number.
	Passed func(n int)

	next   http.RoundTripper
	mu     sync.Mutex
	writes int
	dead   bool
}

// Client is an uncached client of the API server, as its administrator, that
// dies as it is told. What it writes is of fieldOwner.
func (m *Mortal) Client(tb testing.TB, fieldOwner string) client.Client {
	tb.Helper()
	cfg := Config(tb)
	cfg.QPS, cfg.Burst = 1000, 1000
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		m.next = next
		return m
	})
	options := Options(tb)
	options.FieldOwner = fieldOwner
	c, err := client.New(cfg, options)
	if err != nil {
		tb.Fatalf("make a client: %v", err)
	}
	return c
}

// RoundTrip implements http.RoundTripper.
func (m *Mortal) RoundTrip(req *http.Request) (*http.Response, error) {
	if m.Dead() {
		return nil, ErrDead
	}
	resp, err := m.next.RoundTrip(req)
	if err != nil || req.Method == http.MethodGet || req.URL.Query().Has("dryRun") {
		return resp, err
	}
	if m.Heard != nil {
		m.Heard(req, resp)
	}
	n := m.count()
	if m.Passed != nil {
		m.Passed(n)
	}
	if m.Dead() && m.LoseAnswer {
		_ = resp.Body.Close()
		return nil, ErrDead
	}
	return resp, nil
}

func (m *Mortal) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	m.dead = m.dead || m.writes == m.Last
	return m.writes
}

// Writes is how many writes there were.
func (m *Mortal) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// Dead says whether the controller has died.
func (m *Mortal) Dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}
