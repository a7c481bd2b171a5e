package accessible

import (
	"context"
	"os"
	"sync"
)

// interrupt is what Ctrl-C means at the moment.
type interrupt struct {
	mu   sync.Mutex
	stop func()
}

// means lets it mean something else, until the result is called.
func (i *interrupt) means(stop func()) (restore func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := i.stop
	i.stop = stop
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.stop = before
	}
}

// take takes interrupts as they come.
func (i *interrupt) take(ctx context.Context, interrupts <-chan os.Signal) {
	for {
		select {
		case <-interrupts:
			i.mu.Lock()
			i.stop()
			i.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}
