package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/portforward"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	clientportforward "k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// A connection on which nothing moves for silence is lost: the other side
// answers pings, of which there are some in that time.
const (
	silence = 30 * time.Second
	pings   = 3
)

// Host connects to pods through the API server of their cluster.
type Host struct {
	config  *rest.Config
	client  rest.Interface
	silence time.Duration
}

// NewHost uses the API server that a configuration leads to.
func NewHost(config *rest.Config) (*Host, error) {
	config = rest.CopyConfig(config)
	config.APIPath, config.GroupVersion = "/api", &schema.GroupVersion{Version: "v1"}
	config.NegotiatedSerializer = clientgoscheme.Codecs.WithoutConversion()
	c, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	return &Host{config: config, client: c, silence: silence}, nil
}

// Dial opens a connection that carries streams to the ports of a pod. It speaks
// WebSockets, and SPDY to who does not. The context bounds the opening only.
func (h *Host) Dial(ctx context.Context, namespace, pod string) (httpstream.Connection, error) {
	at := h.client.Get().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	conn, err := h.dialWebSocket(ctx, at)
	if httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err) {
		refused := refusal(err)
		if conn, err = h.dialSPDY(ctx, at); err != nil && refused != nil {
			err = refused // the same, in a form that can be told apart
		}
	}
	if err != nil {
		return nil, fmt.Errorf("forward a port of pod %q in namespace %q: %w", pod, namespace, err)
	}
	return conn, nil
}

// refusal is the API server's own word in a failed upgrade, if there is one.
func refusal(err error) error {
	var upgrade *httpstream.UpgradeFailureError
	var status apierrors.APIStatus
	if errors.As(err, &upgrade) && errors.As(upgrade.Cause, &status) {
		return upgrade.Cause
	}
	return nil
}

func (h *Host) dialWebSocket(ctx context.Context, at *url.URL) (httpstream.Connection, error) {
	transport, holder, err := websocket.RoundTripperFor(h.config)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	conn, err := websocket.Negotiate(transport, holder, req, portforward.WebsocketsSPDYTunnelingPortForwardV1)
	if err != nil {
		return nil, err
	}
	// A connection that breaks is told by who uses it, and by nobody else.
	return h.carry(clientportforward.NewTunnelingConnectionWithLogger(logr.Discard(), conn))
}

func (h *Host) dialSPDY(ctx context.Context, at *url.URL) (httpstream.Connection, error) {
	upgrade, err := newUpgrade(h.config)
	if err != nil {
		return nil, err
	}
	transport, err := rest.HTTPWrappersForConfig(h.config, upgrade)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(httpstream.HeaderProtocolVersion, portforward.PortForwardV1Name)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, errors.Join(err, upgrade.conn.Close())
	}
	return h.carry(upgrade.conn)
}

// carry makes a connection that carries streams of one that carries bytes.
func (h *Host) carry(raw net.Conn) (httpstream.Connection, error) {
	w := &watched{Conn: raw, limit: h.silence}
	c, err := spdy.NewClientConnectionWithPings(w, h.silence/pings)
	if err != nil {
		return nil, err
	}
	return &connection{Connection: c, raw: w}, nil
}
