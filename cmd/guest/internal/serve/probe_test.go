package serve

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// answers is a transport that answers as an API server might.
type answers struct{ healthy bool }

func (a *answers) RoundTrip(*http.Request) (*http.Response, error) {
	if !a.healthy {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	w.WriteHeader(http.StatusOK)
	return w.Result(), nil
}

// TestProbe: the report says that the API serves exactly while the pod counts
// as ready.
func TestProbe(t *testing.T) {
	api := &answers{}
	n := &thisNode{
		role: guestapi.RoleServer, store: report.NewStore(guestapi.Report{}, time.Now),
		client: &http.Client{Transport: api},
	}
	for i, step := range []struct {
		healthy, serving bool
	}{
		{false, false}, // boots
		{true, true},
		{false, true}, // one probe can be lost
		{true, true},
		{false, true},
		{false, true},
		{false, false}, // by now the pod is not ready
		{false, false},
		{true, true},
	} {
		api.healthy = step.healthy
		if err := n.probe(t.Context()); (err == nil) != step.healthy {
			t.Errorf("step %d: probe() = %v", i, err)
		}
		if got := n.store.Current().APIServing; got != step.serving {
			t.Errorf("step %d: apiServing is %v, want %v", i, got, step.serving)
		}
	}
}

// TestPace: a component that answers and is not ready is asked less and less
// often, one that does not listen is not spared.
func TestPace(t *testing.T) {
	const lateBy = 10 // of the time that it took, one part
	deaf := fmt.Errorf("not serving yet: %w", unix.ECONNREFUSED)
	no := errors.New("answers 503")
	start := time.Unix(1000, 0)
	p := pace{}
	for i, step := range []struct {
		at     time.Duration
		answer error
		want   time.Duration
	}{
		{0, deaf, shortestPause},
		{time.Minute, deaf, shortestPause},
		{time.Minute, no, shortestPause},
		{time.Minute + 2*time.Second, no, 2 * time.Second / lateBy},
		{time.Minute + 4*time.Second, no, 4 * time.Second / lateBy},
		{2 * time.Minute, no, longestPause},
		{2 * time.Minute, deaf, shortestPause}, // it was started anew
	} {
		if got := p.next(step.answer, start.Add(step.at)); got != step.want {
			t.Errorf("step %d: next() = %s, want %s", i, got, step.want)
		}
	}
}

// TestProbeWakes: a node that the kubelet's probe has found ready is
// not waited for any longer.
func TestProbeWakes(t *testing.T) {
	api := &answers{healthy: true}
	n := &thisNode{
		role: guestapi.RoleServer, store: report.NewStore(guestapi.Report{}, time.Now),
		client: &http.Client{Transport: api}, answered: make(chan struct{}, 1),
	}
	for range 2 { // nobody may be waiting
		if err := n.probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-n.answered:
	default:
		t.Error("a probe that finds the node ready tells nobody")
	}
}
