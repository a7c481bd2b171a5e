package tunneltest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	clientportforward "k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// Host speaks port-forward as the API server of a host and a kubelet do.
type Host struct {
	// Old refuses WebSockets.
	Old bool
	// Refuse is the code with which everything is refused.
	Refuse int

	mu        sync.Mutex
	listeners []*freezable
	pod       string
	conns     []httpstream.Connection
	asked     []string
}

// NewHost is a host whose pods all lead to an address.
func NewHost(pod string) *Host { return &Host{pod: pod} }

// Serve starts it.
func (h *Host) Serve(t *testing.T) *rest.Config {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	listener := &freezable{Listener: server.Listener}
	h.mu.Lock()
	h.listeners = append(h.listeners, listener)
	h.mu.Unlock()
	server.Listener = listener
	server.Start()
	t.Cleanup(func() { h.Shatter(); h.Cut(); server.Close() })
	return &rest.Config{Host: server.URL}
}

// Move brings the pods to another address; an empty one is nobody's. A
// connection that was made before stays useless, as one to a pod that went away
// does.
func (h *Host) Move(pod string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pod = pod
}

// Cut breaks every connection to the host.
func (h *Host) Cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns = nil
}

// Freeze stops every connection to the host, and tells nobody: as if its machine
// was gone, or the network. New ones work.
func (h *Host) Freeze() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.listeners {
		l.freeze()
	}
}

// Shatter ends what was frozen.
func (h *Host) Shatter() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.listeners {
		l.shatter()
	}
}

// Dials are the protocol and path of each connection so far.
func (h *Host) Dials() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// ServeHTTP implements http.Handler.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.Refuse != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(h.Refuse)
		_ = json.NewEncoder(w).Encode(&metav1.Status{ //nolint:errchkjson // whoever asked may be gone
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Message: `pods "dev-server-0" is forbidden`, Reason: metav1.StatusReasonForbidden, Code: int32(h.Refuse),
		})
	case wsstream.IsWebSocketRequest(r) && h.Old:
		http.Error(w, "no WebSockets here", http.StatusBadRequest)
	case wsstream.IsWebSocketRequest(r):
		h.webSocket(w, r)
	default:
		h.spdy(w, r)
	}
}

func (h *Host) webSocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{portforward.WebsocketsSPDYTunnelingPortForwardV1}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	k := h.kubelet("websocket " + r.URL.Path)
	c, err := spdy.NewServerConnection(clientportforward.NewTunnelingConnection("server", conn), k.take)
	if err != nil {
		return
	}
	h.run(c)
}

func (h *Host) spdy(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardV1Name}); err != nil {
		return
	}
	k := h.kubelet("spdy " + r.URL.Path)
	if c := spdy.NewResponseUpgrader().UpgradeResponse(w, r, k.take); c != nil {
		h.run(c)
	}
}

func (h *Host) kubelet(asked string) *kubelet {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, asked)
	return &kubelet{pod: h.pod, pairs: map[string]httpstream.Stream{}}
}

func (h *Host) run(c httpstream.Connection) {
	h.mu.Lock()
	h.conns = append(h.conns, c)
	h.mu.Unlock()
	<-c.CloseChan()
	_ = c.Close()
}

// kubelet brings the pairs of streams of one connection to a pod.
type kubelet struct {
	pod string

	mu    sync.Mutex
	pairs map[string]httpstream.Stream
}

func (k *kubelet) take(s httpstream.Stream, replied <-chan struct{}) error {
	if s.Headers().Get(corev1.PortHeader) != "6443" {
		return errors.New("wrong port")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	id := s.Headers().Get(corev1.PortForwardRequestIDHeader)
	first := k.pairs[id]
	if first == nil {
		k.pairs[id] = s
		return nil
	}
	delete(k.pairs, id)
	data, fail := s, first
	if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
		data, fail = first, s
	}
	go func() {
		<-replied
		k.forward(data, fail)
	}()
	return nil
}

// forward does with the two streams what a kubelet does.
func (k *kubelet) forward(data, fail httpstream.Stream) {
	defer data.Close()
	defer fail.Close()
	if err := k.copy(data); err != nil {
		_, _ = io.WriteString(fail, "error forwarding port 6443 to pod: "+err.Error())
		_ = data.Reset()
		_ = fail.Reset()
	}
}

// copy connects with the pod and carries bytes both ways until it closes.
func (k *kubelet) copy(data httpstream.Stream) error {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", k.pod)
	if err != nil {
		return err
	}
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, data)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(data, conn)
	return err
}
