package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// keepLimit is how much a client may say before it is answered and still be
// brought to another pod. The first words of TLS are far shorter.
const keepLimit = 64 << 10

// carry brings a client to a pod, and to another one as long as none has
// answered.
func (t *Tunnel) carry(ctx context.Context, local net.Conn) {
	defer local.Close()
	defer context.AfterFunc(ctx, func() { _ = local.Close() })()
	v := &visitor{Conn: local}
	if !v.listen(patience) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		l, err := t.await(ctx, never)
		if err != nil {
			return // it is told elsewhere, and to the client by hanging up
		}
		if !v.through(l) {
			return
		}
	}
}

// visitor is the near end of a connection.
type visitor struct {
	net.Conn

	mu       sync.Mutex
	said     []byte // until it is answered
	answered bool
	ended    bool // it says no more, or is gone
	tooMuch  bool // said is not all
}

// listen waits for the client's first words and says whether there were any. Who
// says none is no business of the pod's, which would hang up on it some time:
// that looks as if the pod was about to go.
func (v *visitor) listen(patience time.Duration) bool {
	if err := v.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return false
	}
	buffer := make([]byte, 32<<10)
	n, err := v.Read(buffer)
	v.keep(buffer[:n])
	return err == nil && v.SetReadDeadline(time.Time{}) == nil
}

// through connects the client with a pod until either has had enough. It says
// whether it is worth trying again.
func (v *visitor) through(l *link) (again bool) {
	s, err := l.open()
	if err != nil {
		l.close() // what does not take a stream takes none any more
		return v.mayTryAgain()
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		v.up(s)
	}()
	v.down(s)
	_ = v.SetReadDeadline(time.Unix(1, 0)) // wakes up, which loses nothing
	err = s.end()
	<-up
	_ = v.SetReadDeadline(time.Time{})
	switch {
	case v.gone():
		return false // what the host says of that is no fault of the connection
	case err != nil || v.mayTryAgain():
		// After an error the host may serve nobody on this connection any more;
		// if the pod is gone it never will. Who hangs up on TLS without a word is
		// about to go, too.
		l.close()
	}
	return v.mayTryAgain()
}

func (v *visitor) mayTryAgain() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.answered && !v.ended && !v.tooMuch
}

// up sends what the client says, from the beginning.
func (v *visitor) up(s *stream) {
	v.mu.Lock()
	said := v.said
	v.mu.Unlock()
	if _, err := s.Write(said); err != nil {
		return
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := v.Read(buffer)
		if n > 0 {
			v.keep(buffer[:n])
			if _, err := s.Write(buffer[:n]); err != nil {
				return
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case errors.Is(err, io.EOF):
			v.end()
			_ = s.Close() // the pod hears that no more comes, and may still answer
			return
		case err != nil:
			v.end()
			_ = s.Reset()
			return
		}
	}
}

func (v *visitor) keep(said []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.answered || v.tooMuch {
		return
	}
	if len(v.said)+len(said) > keepLimit {
		v.said, v.tooMuch = nil, true
		return
	}
	v.said = append(v.said, said...)
}

func (v *visitor) gone() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ended
}

func (v *visitor) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
}

// down brings the client what the pod says.
func (v *visitor) down(s *stream) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := s.Read(buffer)
		if n > 0 {
			v.gotAnswer(s.link)
			if _, err := v.Write(buffer[:n]); err != nil {
				v.end()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (v *visitor) gotAnswer(l *link) {
	l.answered.Store(true)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answered, v.said = true, nil
}
