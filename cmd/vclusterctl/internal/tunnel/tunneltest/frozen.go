package tunneltest

import (
	"net"
	"sync"
)

// freezable are the connections that a host takes.
type freezable struct {
	net.Listener

	mu    sync.Mutex
	conns []*frozen
}

// Accept implements net.Listener.
func (f *freezable) Accept() (net.Conn, error) {
	conn, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &frozen{Conn: conn, ice: make(chan struct{}), closed: make(chan struct{})}
	f.conns = append(f.conns, c)
	return c, nil
}

// freeze stops what goes over the connections there are, without a word.
func (f *freezable) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.freeze()
	}
}

// shatter closes what is frozen.
func (f *freezable) shatter() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		if c.isFrozen() {
			_ = c.Close()
		}
	}
}

// frozen is a connection to a machine that some time is no more.
type frozen struct {
	net.Conn

	ice, closed       chan struct{}
	freezeOne, endOne sync.Once
}

func (c *frozen) freeze() { c.freezeOne.Do(func() { close(c.ice) }) }

func (c *frozen) isFrozen() bool {
	select {
	case <-c.ice:
		return true
	default:
		return false
	}
}

// Read implements net.Conn.
func (c *frozen) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.isFrozen() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return n, err
}

// Write implements net.Conn.
func (c *frozen) Write(p []byte) (int, error) {
	if c.isFrozen() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *frozen) Close() error {
	c.endOne.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
