//go:build linux

package bare

import (
	"context"
	"net"
	"testing"
	"time"
)

func TestAwaitReady(t *testing.T) {
	socket := t.TempDir() + "/notify"
	listener, err := listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ready := make(chan struct{}, 1)
	go awaitReady(listener, func() { ready <- struct{}{} })
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, words := range []string{"STATUS=not yet", "STATUS=now\nREADY=1\n"} {
		if _, err := conn.Write([]byte(words)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-ready:
	case <-ctx.Done():
		t.Error("READY=1 was not understood")
	}
}
