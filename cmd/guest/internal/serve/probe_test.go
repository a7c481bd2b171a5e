package serve

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

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
