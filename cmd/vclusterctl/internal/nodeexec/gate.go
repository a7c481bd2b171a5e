package nodeexec

import (
	"io"
	"sync"
)

// gate lets writes through until it is closed. The connection's goroutines may
// outlive an Exec that was interrupted.
type gate struct {
	mu sync.Mutex
	to io.Writer
}

func newGate(to io.Writer) *gate { return &gate{to: to} }

// Write implements io.Writer.
func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.to == nil {
		return 0, io.ErrClosedPipe
	}
	return g.to.Write(p)
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.to = nil
}
