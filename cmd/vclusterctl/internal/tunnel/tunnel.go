package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/streaming/pkg/httpstream"
)

// How long things may take before they are tried again, and how long a client
// is kept waiting for a pod that serves.
const (
	dialTimeout = 15 * time.Second
	patience    = 30 * time.Second
	minBackoff  = 100 * time.Millisecond
	maxBackoff  = 3 * time.Second
)

// Params say where a tunnel begins and ends.
type Params struct {
	// Find names a pod that serves, and waits for one if there is none.
	Find func(ctx context.Context, avoid string) (pod string, err error)
	// Dial opens a connection to a pod.
	Dial func(ctx context.Context, pod string) (httpstream.Connection, error)
	// Port of the pod to lead to.
	Port int
	// LocalPort to listen on, 0 for any that is free.
	LocalPort int
	// Tell, if there is one, gets one line whenever the connection comes or
	// goes, except the first time.
	Tell func(format string, args ...any)
}

// Tunnel is a port of this machine that leads to a pod.
type Tunnel struct {
	Params

	listener net.Listener
	stop     context.CancelFunc
	done     sync.WaitGroup

	mu      sync.Mutex
	link    *link
	changed chan struct{} // closed when link or trouble has changed
	trouble error         // why there is no link

	fails int // in a row
}

// Open begins to listen and connects. The context bounds that, not the life of
// the tunnel: Close ends it.
func Open(ctx context.Context, p Params) (*Tunnel, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", p.LocalPort))
	if err != nil {
		return nil, err
	}
	if p.Tell == nil {
		p.Tell = func(string, ...any) {}
	}
	t := &Tunnel{Params: p, listener: listener, changed: make(chan struct{})}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	t.done.Go(func() { t.keep(life) })
	if _, err := t.await(ctx, final); err != nil {
		t.Close()
		return nil, err
	}
	t.done.Go(func() { t.accept(life) })
	return t, nil
}

// Address is where the tunnel begins, as HOST:PORT.
func (t *Tunnel) Address() string { return t.listener.Addr().String() }

// Close ends the tunnel and all connections through it.
func (t *Tunnel) Close() {
	t.stop()
	_ = t.listener.Close() // it was not closed before
	t.done.Wait()
}

// keep sees to it that there is a connection as long as the tunnel lives.
func (t *Tunnel) keep(ctx context.Context) {
	pod := ""
	for first := true; ctx.Err() == nil; {
		l, err := t.connect(ctx, pod)
		if err != nil {
			t.failed(ctx, err, first)
			continue
		}
		t.set(l, nil)
		if !first {
			t.Tell("Connected again, through pod %q.", l.pod)
		}
		first, pod = false, l.pod
		t.hold(ctx, l)
	}
}

// hold waits until a connection is lost or given up.
func (t *Tunnel) hold(ctx context.Context, l *link) {
	defer l.close()
	select {
	case <-ctx.Done():
		return
	case <-l.lost():
	case <-l.given:
	}
	t.set(nil, errLost)
	t.Tell("The connection through pod %q was lost; connecting again.", l.pod)
	t.backOff(ctx, l.answered.Load())
}

// connect finds a pod and connects to it, once.
func (t *Tunnel) connect(ctx context.Context, avoid string) (*link, error) {
	pod, err := t.Find(ctx, avoid)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, dialTimeout, fmt.Errorf("pod %q cannot be reached within %s", pod, dialTimeout))
	defer cancel()
	conn, err := t.Dial(ctx, pod)
	if err != nil {
		return nil, err
	}
	return newLink(conn, pod, t.Port), nil
}

// failed notes why there is no connection, and waits before the next try.
func (t *Tunnel) failed(ctx context.Context, err error, first bool) {
	t.mu.Lock()
	told := t.trouble != nil && t.trouble.Error() == err.Error()
	t.mu.Unlock()
	t.set(nil, err)
	if !first && !told && ctx.Err() == nil {
		t.Tell("No connection: %v; trying on.", err)
	}
	t.backOff(ctx, false)
}

// backOff waits longer the more often in a row a connection was of no use. Only
// keep calls it.
func (t *Tunnel) backOff(ctx context.Context, useful bool) {
	if useful {
		t.fails = 0
		return
	}
	t.fails++
	pause(ctx, min(minBackoff<<min(t.fails, 10), maxBackoff))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (t *Tunnel) set(l *link, trouble error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.link, t.trouble = l, trouble
	close(t.changed)
	t.changed = make(chan struct{})
}

// await gives the connection once there is one, or fails with why there is none
// when time is up or the trouble is one that waiting does not mend.
func (t *Tunnel) await(ctx context.Context, hopeless func(error) bool) (*link, error) {
	for {
		t.mu.Lock()
		l, trouble, changed := t.link, t.trouble, t.changed
		t.mu.Unlock()
		if l != nil && l.usable() {
			return l, nil
		}
		if trouble != nil && hopeless(trouble) {
			return nil, trouble
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if trouble != nil {
				return nil, fmt.Errorf("%w: %w", context.Cause(ctx), trouble)
			}
			return nil, context.Cause(ctx)
		}
	}
}

// final says whether there is no use in trying on before anything has worked.
func final(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)
}

func never(error) bool { return false }

// accept takes connections until the tunnel ends.
func (t *Tunnel) accept(ctx context.Context) {
	for {
		local, err := t.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, for example
			t.Tell("Cannot take a connection: %v.", err)
			pause(ctx, maxBackoff)
			continue
		}
		t.done.Go(func() { t.carry(ctx, local) })
	}
}
