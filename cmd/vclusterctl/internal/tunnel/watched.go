package tunnel

import (
	"net"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

// watched is a connection that fails, and is closed, when nothing comes or goes
// for too long. TCP alone takes a quarter of an hour to notice that the other
// side is gone, and who uses the connection does not close one that failed.
type watched struct {
	net.Conn

	limit time.Duration
}

// Read implements net.Conn.
func (w *watched) Read(p []byte) (int, error) {
	n, err := 0, w.SetReadDeadline(time.Now().Add(w.limit))
	if err == nil {
		n, err = w.Conn.Read(p)
	}
	return n, w.failed(err)
}

// Write implements net.Conn.
func (w *watched) Write(p []byte) (int, error) {
	n, err := 0, w.SetWriteDeadline(time.Now().Add(w.limit))
	if err == nil {
		n, err = w.Conn.Write(p)
	}
	return n, w.failed(err)
}

// failed closes what has failed: who reads hears of it when a write did, and
// the other way round.
func (w *watched) failed(err error) error {
	if err != nil {
		_ = w.Close() // the error before it is the one that counts
	}
	return err
}

// connection carries streams, and can be closed whatever it is at.
type connection struct {
	httpstream.Connection

	raw net.Conn
}

// Close ends all streams. They would say so to the other side, and wait behind
// what is being written: what cannot be sent any more holds up nobody.
func (c *connection) Close() error {
	err := c.raw.Close()
	_ = c.Connection.Close() // that the bytes are not carried any more is known
	return err
}
