package tunnel

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
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

// hostAPI speaks port-forward as the API server of a host and a kubelet do.
type hostAPI struct {
	// old refuses WebSockets.
	old bool
	// refuse is the code with which everything is refused.
	refuse int

	mu sync.Mutex
	// pod is where a connection to the port of the pod leads; empty while there
	// is nobody. It counts at the time a connection to the host is made: a
	// connection to a pod that went away stays useless.
	pod   string
	conns []httpstream.Connection
	// asked are the protocol and path of each connection.
	asked []string
}

func (h *hostAPI) serve(t *testing.T) *rest.Config {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() { h.cut(); server.Close() })
	return &rest.Config{Host: server.URL}
}

// move brings the pod to another place.
func (h *hostAPI) move(pod string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pod = pod
}

// cut breaks every connection to the host.
func (h *hostAPI) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns = nil
}

func (h *hostAPI) dials() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

func (h *hostAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.refuse != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(h.refuse)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Message: `pods "dev-server-0" is forbidden`, Reason: metav1.StatusReasonForbidden, Code: int32(h.refuse),
		})
	case wsstream.IsWebSocketRequest(r) && h.old:
		http.Error(w, "no WebSockets here", http.StatusBadRequest)
	case wsstream.IsWebSocketRequest(r):
		h.webSocket(w, r)
	default:
		h.spdy(w, r)
	}
}

func (h *hostAPI) webSocket(w http.ResponseWriter, r *http.Request) {
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

func (h *hostAPI) spdy(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardV1Name}); err != nil {
		return
	}
	k := h.kubelet("spdy " + r.URL.Path)
	if c := spdy.NewResponseUpgrader().UpgradeResponse(w, r, k.take); c != nil {
		h.run(c)
	}
}

func (h *hostAPI) kubelet(asked string) *kubelet {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, asked)
	return &kubelet{pod: h.pod, pairs: map[string]httpstream.Stream{}}
}

func (h *hostAPI) run(c httpstream.Connection) {
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
	conn, err := net.Dial("tcp", k.pod)
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
