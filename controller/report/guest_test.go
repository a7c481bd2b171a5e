package report

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var dev = types.NamespacedName{Namespace: "team", Name: "dev"}

// guest is the serving end: it answers with what the test puts in.
type guest struct {
	t      *testing.T
	server *httptest.Server
	join   map[string][]byte

	mu      sync.Mutex
	body    func(http.ResponseWriter)
	changed chan struct{}
	current int64
}

func newGuest(t *testing.T) *guest {
	t.Helper()
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t: t, changed: make(chan struct{})}
	if g.join, err = pki.NewJoin(id, time.Now(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(g.join[guestapi.JoinGuestCert], g.join[guestapi.JoinGuestKey])
	if err != nil {
		t.Fatal(err)
	}
	g.server = httptest.NewUnstartedServer(http.HandlerFunc(g.serve))
	g.server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}
	g.server.StartTLS()
	t.Cleanup(g.server.Close)
	return g
}

// serve waits like the real guest while the caller knows the newest revision.
func (g *guest) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+string(g.join[guestapi.JoinGuestToken]) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	for {
		g.mu.Lock()
		body, changed, current := g.body, g.changed, g.current
		g.mu.Unlock()
		if body != nil && r.URL.Query().Get("after") != itoa(current) {
			body(w)
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func itoa(n int64) string {
	b, _ := json.Marshal(n) //nolint:errchkjson // an integer
	return string(b)
}

// says makes the guest answer with a report.
func (g *guest) says(r guestapi.Report) {
	g.answers(r.Revision, func(w http.ResponseWriter) {
		if err := json.NewEncoder(w).Encode(r); err != nil {
			g.t.Error(err)
		}
	})
}

func (g *guest) answers(revision int64, body func(http.ResponseWriter)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.body, g.current = body, revision
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *guest) target() Target {
	return Target{
		UID:     "boot-1",
		Pod:     "dev-server-0",
		Address: "10.0.0.9",
		CA:      string(g.join[guestapi.JoinCACert]),
		Token:   string(g.join[guestapi.JoinGuestToken]),
	}
}

// dial leads to the guest, whatever the address.
func (g *guest) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, g.server.Listener.Addr().String())
}

// hurried is a clock that does not make anybody wait.
type hurried struct{}

func (hurried) Now() time.Time { return time.Now() }

func (hurried) After(time.Duration) <-chan time.Time { return time.After(time.Millisecond) }

// patient is a clock on which waiting is all that takes time.
type patient struct {
	mu     sync.Mutex
	waited time.Duration
}

func (p *patient) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Unix(0, 0).Add(p.waited)
}

func (p *patient) After(d time.Duration) <-chan time.Time {
	p.mu.Lock()
	p.waited += d
	p.mu.Unlock()
	c := make(chan time.Time)
	close(c)
	return c
}

// running starts a store whose news arrive in the channel.
func running(t *testing.T, dial DialFunc) (*Store, <-chan types.NamespacedName) {
	t.Helper()
	news := make(chan types.NamespacedName, 100)
	s := New(Options{Dial: dial, Clock: hurried{}, Notify: func(key types.NamespacedName) { news <- key }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, news
}

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s in time", what)
		panic("unreachable")
	}
}
