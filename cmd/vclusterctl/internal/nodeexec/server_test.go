package nodeexec

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// session is what the far end of an exec sees.
type session struct {
	query       url.Values
	in          io.Reader
	out, errOut io.Writer
	resize      io.Reader
}

// hostAPI speaks exec as the API server of a host does and runs a function in
// place of the program; its result is the exit code.
type hostAPI struct {
	// old refuses WebSockets.
	old bool
	// refuse is the code with which everything is refused, or with old all that
	// is not SPDY.
	refuse int
	run    func(session) int

	path     string
	protocol string
}

func (h *hostAPI) serve(t *testing.T) *rest.Config {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

func (h *hostAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.path = r.URL.Path
	switch {
	case h.refuse != 0 && (!h.old || wsstream.IsWebSocketRequest(r)):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(h.refuse)
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Message: "pods \"dev-server-0\" is forbidden", Reason: metav1.StatusReasonForbidden, Code: int32(h.refuse)})
	case wsstream.IsWebSocketRequest(r) && h.old:
		http.Error(w, "no WebSockets here", http.StatusBadRequest)
	case wsstream.IsWebSocketRequest(r):
		h.websocket(w, r)
	default:
		h.spdy(w, r)
	}
}

func (h *hostAPI) websocket(w http.ResponseWriter, r *http.Request) {
	kinds := []wsstream.ChannelType{wsstream.ReadChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.ReadChannel}
	conn := wsstream.NewConn(map[string]wsstream.ChannelProtocolConfig{remotecommand.StreamProtocolV5Name: {Binary: true, Channels: kinds}})
	_, s, err := conn.Open(w, r)
	if err != nil {
		return
	}
	defer conn.Close()
	h.protocol = "websocket"
	code := h.run(session{query: r.URL.Query(), in: s[0], out: s[1], errOut: s[2], resize: s[4]})
	_, _ = s[3].Write(status(code))
}

func (h *hostAPI) spdy(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{remotecommand.StreamProtocolV4Name}); err != nil {
		return
	}
	opened := make(chan httpstream.Stream)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			<-replied
			opened <- s
		}()
		return nil
	})
	if conn == nil {
		return
	}
	defer conn.Close()
	h.protocol = "spdy"
	streams := map[string]httpstream.Stream{}
	wanted := 1 // the error stream
	for _, q := range []string{"stdin", "stdout", "stderr"} {
		if r.URL.Query().Get(q) == "true" {
			wanted++
		}
	}
	for len(streams) < wanted {
		select {
		case s := <-opened:
			streams[s.Headers().Get(corev1.StreamType)] = s
		case <-time.After(10 * time.Second):
			return
		}
	}
	code := h.run(session{query: r.URL.Query(), in: streams["stdin"], out: streams["stdout"], errOut: streams["stderr"]})
	_, _ = streams["error"].Write(status(code))
	for _, s := range streams {
		_ = s.Close()
	}
}

// trouble is the exit code where there is none, because the host failed.
const trouble = -1

// status is what a host says about how a program ended.
func status(code int) []byte {
	s := metav1.Status{Status: metav1.StatusSuccess}
	if code != 0 {
		s = metav1.Status{
			Status: metav1.StatusFailure, Reason: remotecommand.NonZeroExitCodeReason,
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: remotecommand.ExitCodeCauseType, Message: fmt.Sprint(code)}}},
		}
	}
	if code == trouble {
		s = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonInternalError, Message: "broken"}
	}
	data, _ := json.Marshal(s)
	return data
}
