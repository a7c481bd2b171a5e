package cli

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// tracer writes one line per request.
type tracer struct {
	next http.RoundTripper
	out  io.Writer
	now  func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (t *tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	start := t.now()
	resp, err := t.next.RoundTrip(r)
	took := t.now().Sub(start).Round(time.Millisecond)
	if err != nil {
		fmt.Fprintf(t.out, "%s %s: %v (%s)\n", r.Method, r.URL, err, took)
		return resp, err
	}
	fmt.Fprintf(t.out, "%s %s: %d (%s)\n", r.Method, r.URL, resp.StatusCode, took)
	return resp, nil
}
