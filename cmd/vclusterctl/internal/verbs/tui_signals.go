package verbs

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// tuiSignals are the signals to a program that lets others have its terminal
// for a while: Ctrl-C there is not about this program, and comes more than once.
type tuiSignals struct {
	interrupts chan os.Signal
	told       chan os.Signal
	terminated chan struct{}
	over       chan struct{}
	end        sync.Once
}

// catch begins to catch signals.
func (o *TUIOptions) catch() *tuiSignals {
	o.terminated = make(chan struct{})
	s := &tuiSignals{
		interrupts: make(chan os.Signal, 1), told: make(chan os.Signal, 1),
		terminated: o.terminated, over: make(chan struct{}),
	}
	signal.Notify(s.interrupts, os.Interrupt)
	signal.Notify(s.told, syscall.SIGTERM)
	go func() {
		select {
		case <-s.told:
			close(s.terminated)
		case <-s.over:
		}
	}()
	return s
}

func (s *tuiSignals) stop() {
	signal.Stop(s.interrupts)
	signal.Stop(s.told)
	s.end.Do(func() { close(s.over) })
}

// within is a context that ends when the program was told to, and not with the
// first Ctrl-C as that of the verb does.
func (s *tuiSignals) within(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer cancel()
		select {
		case <-s.terminated:
		case <-s.over:
		}
	}()
	return ctx
}
