package main

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestGuest: the controller takes what the fleet's guests say for a report, and
// waits for the next one as long as it does with real ones.
func TestGuest(t *testing.T) {
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	join, err := pki.NewJoin(id, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGuest("boot-1", join, id.Files())
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 100)
	g.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer "+g.control {
			asked <- struct{}{}
		}
		g.ServeHTTP(w, r)
	})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = g.server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = g.server.Close() })

	heard := make(chan struct{}, 10)
	store := report.New(report.Options{
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, listener.Addr().String())
		},
		Notify: func(types.NamespacedName) { heard <- struct{}{} },
	})
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- store.Start(ctx) }()
	dev := types.NamespacedName{Namespace: "bench", Name: "dev"}
	target := report.Target{
		UID: "boot-1", Pod: "dev-server-0", Address: loopback(0),
		CA: string(join[guestapi.JoinCACert]), Token: string(join[guestapi.JoinGuestToken]),
		Told: `{"wanted":{"server":1}}`, Control: "somebody else's",
	}
	store.Track(dev, []report.Target{target})
	select {
	case <-heard:
		t.Error("a guest answers whoever has another token")
	case <-time.After(200 * time.Millisecond):
	}
	target.Control = guestapi.ControlToken(id.Files())
	store.Track(dev, []report.Target{target})
	select {
	case <-heard:
	case <-time.After(10 * time.Second):
		t.Fatal("the guest was not heard")
	}
	if s, ok := store.Snapshot(dev, "boot-1"); !ok || !s.Report.APIServing || !s.Report.Schedulable || s.StateID == "" {
		t.Errorf("what the guest says is taken for %+v", s)
	}
	if report.MapsToRoot(g.report.Facts.UIDMap) || g.report.Facts.SeccompMode != report.SeccompFilter {
		t.Errorf("the guest says that it is not isolated: %+v", g.report.Facts)
	}
	for range 2 {
		select {
		case <-asked:
		case <-time.After(10 * time.Second):
			t.Fatalf("the guest was asked %d times", g.asked.Load())
		}
	}
	select {
	case <-asked:
		t.Error("the guest does not wait for news: it was asked a third time at once")
	case <-time.After(300 * time.Millisecond):
	}
	if n := g.asked.Load(); n == 0 || n > 2 {
		t.Errorf("the guest counts %d requests, and was asked twice", n)
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestLoopback(t *testing.T) {
	seen := map[string]bool{}
	for i := range 5000 {
		address := net.ParseIP(loopback(i))
		if address == nil || !address.IsLoopback() || seen[address.String()] {
			t.Fatalf("guest %d has the address %q, want a loopback address of its own", i, loopback(i))
		}
		seen[address.String()] = true
	}
}
