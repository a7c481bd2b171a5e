package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
)

func TestWatched(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	w := &watched{Conn: near, limit: 200 * time.Millisecond}
	go func() { _, _ = far.Write([]byte("ping")) }()
	got := make([]byte, 4)
	if _, err := w.Read(got); err != nil || string(got) != "ping" {
		t.Fatalf("a connection that speaks: %q, %v", got, err)
	}
	wantTimeout(t, func() error { _, err := w.Read(got); return err })
	wantClosed(t, far)
}

func TestWatchedWrites(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	w := &watched{Conn: near, limit: 200 * time.Millisecond}
	wantTimeout(t, func() error { _, err := w.Write([]byte("nobody reads this")); return err })
	wantClosed(t, far)
}

func wantTimeout(t *testing.T, use func() error) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- use() }()
	select {
	case err := <-ended:
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("a connection on which nothing moves any more: got %v", err)
		}
	case <-time.After(limit):
		t.Fatal("who waits for the other side does so for ever")
	}
}

func wantClosed(t *testing.T, far net.Conn) {
	t.Helper()
	heard := make(chan error, 1)
	go func() { _, err := far.Read(make([]byte, 1)); heard <- err }()
	select {
	case err := <-heard:
		if !errors.Is(err, io.EOF) {
			t.Errorf("the other side got %v", err)
		}
	case <-time.After(limit):
		t.Error("a connection that failed is not closed")
	}
}

// stuck is a tunnel whose host went away without a word while somebody sends
// more through it than fits into any buffer.
func stuck(t *testing.T, h *tunneltest.Host, server *httptest.Server, change ...func(*Params)) *Tunnel {
	t.Helper()
	tunnel := open(t, h, change...)
	begun := make(chan struct{})
	go func() {
		sending := io.MultiReader(strings.NewReader("x"), opened{begun}, endless{})
		if resp, err := user(server, tunnel).Post(server.URL+"/sink", "text/plain", sending); err == nil {
			resp.Body.Close()
		}
	}()
	<-begun
	h.Freeze()
	time.Sleep(300 * time.Millisecond) //nolint:forbidigo // nobody tells when the kernel takes no more: all buffers are full by then, and if not it is no harder
	return tunnel
}

// opened says that it is read.
type opened struct{ to chan struct{} }

func (o opened) Read([]byte) (int, error) {
	close(o.to)
	return 0, io.EOF
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func sink(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/sink" {
		_, _ = io.Copy(io.Discard, r.Body)
		return
	}
	echo(w, r)
}

// TestHostGone: a host that is gone without a word is noticed, also by who only
// sends, and connected to anew.
func TestHostGone(t *testing.T) {
	for name, old := range map[string]bool{"WebSocket": false, "SPDY": true} {
		t.Run(name, func(t *testing.T) {
			server := apiServer(t, sink)
			h := &tunneltest.Host{Old: old}
			h.Move(addressOf(server))
			tell := &lines{}
			tunnel := stuck(t, h, server, func(p *Params) { p.Tell = tell.tellf })
			if err := say(user(server, tunnel), server, "after"); err != nil {
				t.Errorf("%v; it told:\n%s", err, tell)
			}
			if n := len(h.Dials()); n != 2 {
				t.Errorf("%d connections to the host, want 2", n)
			}
		})
	}
}

// TestCloseStuck: nobody waits for a host that is gone.
func TestCloseStuck(t *testing.T) {
	for name, old := range map[string]bool{"WebSocket": false, "SPDY": true} {
		t.Run(name, func(t *testing.T) {
			server := apiServer(t, sink)
			h := &tunneltest.Host{Old: old}
			h.Move(addressOf(server))
			host := hostOf(t, h)
			host.silence = time.Hour
			tunnel := stuck(t, h, server, func(p *Params) {
				p.Dial = dialer(host)
			})
			closed := make(chan struct{})
			go func() { tunnel.Close(); close(closed) }()
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
				t.Error("the end of the tunnel waits for a host that is gone")
				h.Shatter()
			}
		})
	}
}

// TestSilentHost: who takes connections and says nothing is not waited for.
func TestSilentHost(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	h := hostOf(t, &tunneltest.Host{})
	h.config.Host = "http://" + silent.Addr().String()
	at := h.client.Get().URL()
	at.Host = silent.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { _, err := h.dialSPDY(ctx, at); ended <- err }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	case <-time.After(limit):
		t.Error("it is waited for, for ever")
	}
}

// TestSilentUser: who connects and says nothing disturbs nobody, even if the pod
// hangs up on such.
func TestSilentUser(t *testing.T) {
	server := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "event")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server.Config.ReadHeaderTimeout = 100 * time.Millisecond
	h := tunneltest.NewHost(addressOf(server))
	tunnel := open(t, h)
	watch, err := user(server, tunnel).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Body.Close()
	silent, err := net.Dial("tcp", tunnel.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := silent.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = silent.Read(make([]byte, 1)) // however it ends for them
	if n := len(h.Dials()); n != 1 {
		t.Errorf("%d connections to the host, want 1", n)
	}
	event := make([]byte, 5)
	if _, err := io.ReadFull(watch.Body, event); err != nil {
		t.Error(err)
	}
	time.AfterFunc(200*time.Millisecond, tunnel.Close)
	begun := time.Now()
	if _, err := watch.Body.Read(event); time.Since(begun) < 100*time.Millisecond {
		t.Errorf("the watch of another user broke: %v", err)
	}
}

// TestNobodyListens: who says nothing is let go some time, and who is gone at
// once.
func TestNobodyListens(t *testing.T) {
	for name, gone := range map[string]bool{"Silent": false, "Gone": true} {
		near, far := net.Pipe()
		defer far.Close()
		patience := 100 * time.Millisecond
		if gone {
			patience = time.Hour
			far.Close()
		}
		v := &visitor{Conn: near}
		if v.listen(patience) {
			t.Errorf("%s: there were words", name)
		}
	}
}
