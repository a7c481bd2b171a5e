package child

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Signals hands the signals that this process gets to whoever is in charge. As
// long as it catches them none of them ends the process.
type Signals struct {
	arrived chan os.Signal

	mu     sync.Mutex
	handle func(os.Signal)
	any    bool
	told   bool
}

// Catch begins to catch the signals that ask a process to end, and hands them to
// a function. Those that whoever started us wanted ignored, as nohup does, stay
// so.
func Catch(handle func(os.Signal)) *Signals {
	s := &Signals{arrived: make(chan os.Signal, 16), handle: handle}
	for _, sig := range caught {
		if !signal.Ignored(sig) {
			signal.Notify(s.arrived, sig)
		}
	}
	go func() {
		for sig := range s.arrived {
			s.deliver(sig)
		}
	}()
	return s
}

// To hands what arrives from now on to somebody else, until the result is
// called.
func (s *Signals) To(handle func(os.Signal)) (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.handle
	s.handle = handle
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handle = before
	}
}

// Any says whether any signal has arrived.
func (s *Signals) Any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.any
}

// Told says whether anybody has told this process to end, and not just typed
// something.
func (s *Signals) Told() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}

// Stop lets signals do again what they do by themselves.
func (s *Signals) Stop() {
	signal.Stop(s.arrived)
	close(s.arrived)
}

func (s *Signals) deliver(sig os.Signal) {
	if unwanted(sig) {
		return
	}
	s.mu.Lock()
	handle := s.handle
	s.any = true
	if known, ok := sig.(syscall.Signal); ok && !typed(known) {
		s.told = true
	}
	s.mu.Unlock()
	handle(sig)
}
