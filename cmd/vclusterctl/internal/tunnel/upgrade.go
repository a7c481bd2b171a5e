package tunnel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// upgrade makes one request for SPDY and keeps the connection. That of client-go
// gives the connection to nobody, so none could bound what is done with it.
type upgrade struct {
	*spdy.SpdyRoundTripper

	conn net.Conn
}

func newUpgrade(config *rest.Config) (*upgrade, error) {
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	dialer, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: tls, Proxier: config.Proxy})
	if err != nil {
		return nil, err
	}
	return &upgrade{SpdyRoundTripper: dialer}, nil
}

// RoundTrip implements http.RoundTripper. It fails unless the connection was
// made.
func (u *upgrade) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(httpstream.HeaderConnection, httpstream.HeaderUpgrade)
	req.Header.Set(httpstream.HeaderUpgrade, spdy.HeaderSpdy31)
	conn, err := u.Dial(req)
	if err != nil {
		return nil, err
	}
	resp, err := answer(req, conn)
	if err != nil {
		_ = conn.Close() // nothing was sent through it
		return nil, err
	}
	u.conn = conn
	return resp, nil
}

// answer waits for the answer to a request for as long as that counts.
func answer(req *http.Request, conn net.Conn) (*http.Response, error) {
	stop := context.AfterFunc(req.Context(), func() { _ = conn.Close() })
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err == nil && !upgraded(resp) {
		defer resp.Body.Close()
		err = refused(resp)
	}
	if !stop() {
		return nil, errors.Join(context.Cause(req.Context()), err)
	}
	return resp, err
}

func upgraded(resp *http.Response) bool {
	return resp.StatusCode == http.StatusSwitchingProtocols && strings.EqualFold(resp.Header.Get(httpstream.HeaderUpgrade), spdy.HeaderSpdy31)
}

// maxRefusal bounds what is read of an answer that says no.
const maxRefusal = 64 << 10

// refused is the API server's own word, if it is the one that said no.
func refused(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return fmt.Errorf("the server refuses SPDY with %s: %w", resp.Status, err)
	}
	status := &metav1.Status{}
	if _, _, err := clientgoscheme.Codecs.UniversalDeserializer().Decode(body, nil, status); err == nil && status.Code != 0 {
		return &apierrors.StatusError{ErrStatus: *status}
	}
	return fmt.Errorf("the server refuses SPDY with %s: %s", resp.Status, strings.TrimSpace(string(body)))
}
