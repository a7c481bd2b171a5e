package tunnel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
)

var quiet = log.New(io.Discard, "", 0)

// limit is far more than anything here takes.
const limit = 30 * time.Second

// apiServer is what runs in the pod: it speaks TLS as a real one does.
func apiServer(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server
}

func addressOf(server *httptest.Server) string { return strings.TrimPrefix(server.URL, "https://") }

// lines are what a tunnel tells.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) tellf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf(format, args...))
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

// open makes a tunnel through a host to a pod called dev-server-0.
func open(t *testing.T, h *tunneltest.Host, change ...func(*Params)) *Tunnel {
	t.Helper()
	tunnel, err := tryOpen(t, h, change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tunnel.Close)
	return tunnel
}

func tryOpen(t *testing.T, h *tunneltest.Host, change ...func(*Params)) (*Tunnel, error) {
	t.Helper()
	host := hostOf(t, h)
	p := Params{
		Port: 6443,
		Find: func(context.Context, string) (string, error) { return "dev-server-0", nil },
		Dial: dialer(host),
	}
	for _, c := range change {
		c(&p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return Open(ctx, p)
}

// hostOf notices soon that nothing moves.
func hostOf(t *testing.T, h *tunneltest.Host) *Host {
	t.Helper()
	host, err := NewHost(h.Serve(t))
	if err != nil {
		t.Fatal(err)
	}
	host.silence = 2 * time.Second
	return host
}

func dialer(h *Host) func(context.Context, string) (httpstream.Connection, error) {
	return func(ctx context.Context, pod string) (httpstream.Connection, error) { return h.Dial(ctx, "team", pod) }
}

// user talks to the API server at the end of a tunnel, each request on a
// connection of its own and none tried twice.
func user(server *httptest.Server, tunnel *Tunnel) *http.Client {
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	transport.ForceAttemptHTTP2 = false
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", tunnel.Address())
	}
	return &http.Client{Transport: transport, Timeout: limit}
}

// say sends words to the API server, and wants them back.
func say(c *http.Client, server *httptest.Server, words string) error {
	resp, err := c.Post(server.URL, "text/plain", strings.NewReader(words))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err == nil && string(got) != words {
		err = fmt.Errorf("got %d bytes back that are not the %d that were said", len(got), len(words))
	}
	return err
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = w.Write(body)
}

func TestTunnel(t *testing.T) {
	const path = "/api/v1/namespaces/team/pods/dev-server-0/portforward"
	cases := map[string]struct {
		reason string
		host   *tunneltest.Host
		want   []string
	}{
		"WebSocket": {reason: "Twenty users at a time share one connection to the host.", host: &tunneltest.Host{}, want: []string{"websocket " + path}},
		"SPDY":      {reason: "A host, or a proxy before it, that speaks no WebSockets is spoken to as ever.", host: &tunneltest.Host{Old: true}, want: []string{"spdy " + path}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			server := apiServer(t, echo)
			tc.host.Move(addressOf(server))
			c := user(server, open(t, tc.host))
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					words := strings.Repeat(fmt.Sprintf("words of %d;", i), 1<<(i%4*5)) // up to some 400 KiB
					if err := say(c, server, words); err != nil {
						t.Errorf("%s\nuser %d: %v", tc.reason, i, err)
					}
				})
			}
			all.Wait()
			if diff := cmp.Diff(tc.want, tc.host.Dials()); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPodRestarts: who comes while the pod is away waits, and sees no error.
func TestPodRestarts(t *testing.T) {
	before, after := apiServer(t, echo), apiServer(t, echo)
	h := tunneltest.NewHost(addressOf(before))
	tell := &lines{}
	tunnel := open(t, h, func(p *Params) { p.Tell = tell.tellf })
	if err := say(user(before, tunnel), before, "before"); err != nil {
		t.Fatal(err)
	}
	before.CloseClientConnections()
	before.Close()
	h.Move("") // nobody there
	said := make(chan error, 1)
	go func() { said <- say(user(after, tunnel), after, "while it is away") }()
	for !strings.Contains(tell.String(), "was lost; connecting again") {
		select {
		case err := <-said:
			t.Fatalf("the request ended while there was no pod: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	h.Move(addressOf(after))
	if err := <-said; err != nil {
		t.Errorf("a request of the time when the pod was away: %v", err)
	}
	if err := say(user(after, tunnel), after, "after"); err != nil {
		t.Errorf("a request after that: %v", err)
	}
	if !strings.Contains(tell.String(), `Connected again, through pod "dev-server-0".`) {
		t.Errorf("that it is connected again is not told:\n%s", tell)
	}
}

// TestConnectionLost: a watch breaks, and can be begun again at once.
func TestConnectionLost(t *testing.T) {
	server := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "event\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	h := tunneltest.NewHost(addressOf(server))
	c := user(server, open(t, h))
	for try := range 3 {
		resp, err := c.Get(server.URL)
		if err != nil {
			t.Fatalf("watch %d: %v", try, err)
		}
		event := make([]byte, len("event\n"))
		if _, err := io.ReadFull(resp.Body, event); err != nil {
			t.Fatalf("watch %d: %v", try, err)
		}
		h.Cut()
		if n, err := resp.Body.Read(event); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("watch %d goes on after its connection was lost: %d bytes, %v", try, n, err)
		}
		resp.Body.Close()
	}
}

// TestRudeUser: who hangs up in the middle of an answer does not disturb others.
func TestRudeUser(t *testing.T) {
	next := make(chan struct{})
	server := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/endless" {
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 32<<10))
			}
			return
		}
		_, _ = io.WriteString(w, "first,")
		w.(http.Flusher).Flush()
		<-next
		_, _ = io.WriteString(w, "second")
	})
	h := tunneltest.NewHost(addressOf(server))
	c := user(server, open(t, h))
	watch, err := c.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Body.Close()
	for range 3 {
		ctx, hangUp := context.WithCancel(t.Context())
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/endless", nil)
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, resp.Body, 256<<10); err != nil {
			t.Fatal(err)
		}
		hangUp()
		resp.Body.Close()
	}
	close(next)
	got, err := io.ReadAll(watch.Body)
	if err != nil || string(got) != "first,second" {
		t.Errorf("got %q, %v", got, err)
	}
	if n := len(h.Dials()); n != 1 {
		t.Errorf("%d connections to the host, want 1", n)
	}
}

// TestHangsUp: a server that is about to go takes connections and says nothing.
func TestHangsUp(t *testing.T) {
	dying, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dying.Close()
	server := apiServer(t, echo)
	h := tunneltest.NewHost(dying.Addr().String())
	go func() {
		for {
			conn, err := dying.Accept()
			if err != nil {
				return
			}
			conn.(*net.TCPConn).CloseWrite()
			_, _ = conn.Read(make([]byte, 1))
			h.Move(addressOf(server))
			conn.Close()
		}
	}()
	if err := say(user(server, open(t, h)), server, "hello"); err != nil {
		t.Error(err)
	}
}

func TestOpenRefused(t *testing.T) {
	_, err := tryOpen(t, &tunneltest.Host{Refuse: http.StatusForbidden})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `pod "dev-server-0" in namespace "team"`) {
		t.Errorf("what waiting does not mend is told at once, with where it happened: got %v", err)
	}
}

func TestOpenTimesOut(t *testing.T) {
	nobody := errors.New("nobody serves")
	boom := errors.New("boom")
	cases := map[string]struct {
		reason string
		find   func(context.Context, string) (string, error)
		want   []error
	}{
		"NoPod":   {reason: "Waiting for a pod ends with why it was waited for.", find: func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }, want: []error{nobody}},
		"Trouble": {reason: "What was tried again and again is told.", find: func(context.Context, string) (string, error) { return "", boom }, want: []error{nobody, boom}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, nobody)
			defer cancel()
			_, err := Open(ctx, Params{Port: 6443, Find: tc.find})
			for _, want := range tc.want {
				if !errors.Is(err, want) {
					t.Errorf("%s\nOpen(): got %v, want %v in it", tc.reason, err, want)
				}
			}
		})
	}
}

func TestOpenPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	if _, err := Open(t.Context(), Params{LocalPort: port}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

// TestClose: no connection outlives its tunnel.
func TestClose(t *testing.T) {
	server := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	tunnel := open(t, tunneltest.NewHost(addressOf(server)))
	resp, err := user(server, tunnel).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	tunnel.Close()
	if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on")
	}
	if _, err := net.Dial("tcp", tunnel.Address()); err == nil {
		t.Error("the port is still open")
	}
}

// TestTooMuchBeforeAnswer: what cannot be said again is not.
func TestTooMuchBeforeAnswer(t *testing.T) {
	v := &visitor{}
	v.keep(bytes.Repeat([]byte("x"), keepLimit))
	if !v.mayTryAgain() {
		t.Error("all that was said is kept, and may be said again")
	}
	v.keep([]byte("x"))
	if v.mayTryAgain() || v.said != nil {
		t.Error("more was said than is kept")
	}
}
