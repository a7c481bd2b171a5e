package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// link is one connection to a pod, for any number of streams to one of its
// ports.
type link struct {
	conn httpstream.Connection
	pod  string
	port int
	last atomic.Int64
	// answered is set once anything came back from the port.
	answered atomic.Bool
	// given is closed once we give the connection up.
	given   chan struct{}
	giveOne sync.Once
}

func newLink(conn httpstream.Connection, pod string, port int) *link {
	return &link{conn: conn, pod: pod, port: port, given: make(chan struct{})}
}

// lost is closed once the connection is.
func (l *link) lost() <-chan bool { return l.conn.CloseChan() }

// usable says whether nothing speaks against another stream.
func (l *link) usable() bool {
	select {
	case <-l.given:
		return false
	case <-l.lost():
		return false
	default:
		return true
	}
}

// close ends the connection with all its streams. That it could not be ended
// in order is of no interest.
func (l *link) close() {
	l.giveOne.Do(func() {
		close(l.given)
		_ = l.conn.Close()
	})
}

// stream is one connection to the port.
type stream struct {
	httpstream.Stream

	link *link
	fail httpstream.Stream
	// failed gives, once it is over, what the host says went wrong.
	failed chan error
}

// open connects to the port. That there is nobody turns out later.
func (l *link) open() (*stream, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(l.port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(l.last.Add(1), 10))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	fail, err := l.create(headers)
	if err != nil {
		return nil, fmt.Errorf("open a stream to pod %q: %w", l.pod, err)
	}
	_ = fail.Close() // we only read from it
	headers = headers.Clone()
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := l.create(headers)
	if err != nil {
		l.conn.RemoveStreams(fail)
		return nil, fmt.Errorf("open a stream to pod %q: %w", l.pod, err)
	}
	s := &stream{Stream: data, link: l, fail: fail, failed: make(chan error, 1)}
	go s.readFailure()
	return s, nil
}

// create makes a stream, unless the connection is lost before the other side
// has agreed. Left alone it would wait for that much longer.
func (l *link) create(headers http.Header) (httpstream.Stream, error) {
	type result struct {
		stream httpstream.Stream
		err    error
	}
	made := make(chan result, 1)
	go func() {
		s, err := l.conn.CreateStream(headers)
		made <- result{s, err}
	}()
	select {
	case r := <-made:
		return r.stream, r.err
	case <-l.given:
	case <-l.lost():
	}
	return nil, errLost
}

func (s *stream) readFailure() {
	message, err := io.ReadAll(s.fail)
	switch {
	case len(message) > 0:
		s.failed <- errors.New(strings.TrimSpace(string(message)))
	case err != nil:
		s.failed <- err
	default:
		s.failed <- nil
	}
}

// end takes the stream off the connection and says what went wrong with it, if
// anything did.
func (s *stream) end() error {
	_ = s.Reset() // what was not sent yet would hold up the end of the other stream
	defer s.link.conn.RemoveStreams(s.Stream, s.fail)
	select {
	case err := <-s.failed:
		return err
	case <-s.link.given:
		return errLost
	case <-s.link.lost():
		return errLost
	case <-time.After(endTimeout):
		return nil
	}
}

// endTimeout bounds the wait for the host's last word on a stream.
const endTimeout = 5 * time.Second

var errLost = errors.New("the connection was lost")
