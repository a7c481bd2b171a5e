package report

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	// requestTimeout leaves a long poll the time the guest may take.
	requestTimeout = (guestapi.ReportWaitSeconds + 15) * time.Second
	// A guest that always has news may have burst of them at once, as at boot,
	// and after that one per minInterval: each can cost the host a write of the
	// status and an event, and what a guest says is the tenant's.
	minInterval = 2 * time.Second
	burst       = 64
	// The back-off after a failure starts short, because a guest that boots
	// is there within a second, and doubles.
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 10 * time.Second
	// silentAfter is how long a guest may not answer before what it said last
	// is no longer taken for what is.
	silentAfter = time.Minute
)

// poller asks one guest.
type poller struct {
	target Target
	client *http.Client
	// reserved is true once the guest turned out to be older than requests
	// that tell it something: it is pinned with its node image.
	reserved bool
}

func newPoller(dial DialFunc, t Target) *poller {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(t.CA))
	return &poller{target: t, client: &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: refuseRedirect,
		Transport: &http.Transport{
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: roots, ServerName: guestapi.ServerName, MinVersion: tls.VersionTLS13},
			MaxConnsPerHost:        1,
			MaxResponseHeaderBytes: 4 << 10,
			DisableCompression:     true,
			TLSHandshakeTimeout:    dialTimeout,
		},
	}}
}

// refuseRedirect keeps a guest from sending our token elsewhere.
func refuseRedirect(*http.Request, []*http.Request) error {
	return errors.New("a guest must not redirect")
}

// run asks until the context ends and hands every new report to record. It says
// once when the guest has fallen silent; the next report ends that.
func (p *poller) run(ctx context.Context, clock Clock, record func(guestapi.Report), silent func()) {
	defer p.client.CloseIdleConnections()
	revision := int64(-1)
	backoff := firstBackoff
	heard, told := clock.Now(), false
	limit := rate.NewLimiter(rate.Every(minInterval), burst)
	for ctx.Err() == nil {
		r, err := p.ask(ctx, revision)
		if err != nil {
			// Whoever answers next may have started anew and count from one.
			revision = -1
			if !told && clock.Now().Sub(heard) >= silentAfter {
				told = true
				silent()
			}
			pause(ctx, clock, backoff)
			backoff = min(2*backoff, lastBackoff)
			continue
		}
		backoff = firstBackoff
		heard, told = clock.Now(), false
		if r.Revision != revision {
			revision = r.Revision
			record(sanitise(r))
		}
		now := clock.Now()
		pause(ctx, clock, limit.ReserveN(now, 1).DelayFrom(now))
	}
}

func pause(ctx context.Context, clock Clock, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-clock.After(d):
	}
}

// errReserved is the answer of a guest that can be asked only.
var errReserved = errors.New("the guest takes no POST")

// ask waits for a report whose revision differs from the one given.
func (p *poller) ask(ctx context.Context, after int64) (guestapi.Report, error) {
	r, err := p.exchange(ctx, after)
	if errors.Is(err, errReserved) && !p.reserved {
		p.reserved = true
		return p.exchange(ctx, after)
	}
	return r, err
}

func (p *poller) exchange(ctx context.Context, after int64) (guestapi.Report, error) {
	req, err := p.request(ctx, after)
	if err != nil {
		return guestapi.Report{}, fmt.Errorf("ask guest of pod %q: %w", p.target.Pod, err)
	}
	token := p.target.Token
	if req.Method == http.MethodPost {
		token = p.target.Control
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.client.Do(req)
	if err != nil {
		return guestapi.Report{}, fmt.Errorf("ask guest of pod %q: %w", p.target.Pod, err)
	}
	defer resp.Body.Close() //nolint:errcheck // what was written went with the request
	refused := resp.StatusCode == http.StatusMethodNotAllowed || resp.StatusCode == http.StatusUnauthorized
	switch {
	case resp.StatusCode == http.StatusOK:
		return p.decode(resp.Body)
	case refused && req.Method == http.MethodPost:
		return guestapi.Report{}, fmt.Errorf("ask guest of pod %q: %w", p.target.Pod, errReserved)
	default:
		return guestapi.Report{}, fmt.Errorf("ask guest of pod %q: status %d", p.target.Pod, resp.StatusCode)
	}
}

// request asks, and tells a server what nodes are wanted.
func (p *poller) request(ctx context.Context, after int64) (*http.Request, error) {
	u := url.URL{
		Scheme: "https",
		Host:   net.JoinHostPort(p.target.Address, strconv.Itoa(guestapi.Port)),
		Path:   guestapi.ReportPath,
	}
	if p.target.Told == "" || p.reserved {
		if after >= 0 {
			u.RawQuery = url.Values{"after": {strconv.FormatInt(after, 10)}}.Encode()
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil) //nolint:wrapcheck // the caller says what this is about
	}
	body, err := p.body(after)
	if err != nil {
		return nil, err
	}
	return http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body)) //nolint:wrapcheck // as above
}

func (p *poller) body(after int64) ([]byte, error) {
	var told guestapi.ReportRequest
	if err := json.Unmarshal([]byte(p.target.Told), &told); err != nil {
		return nil, fmt.Errorf("encode what is wanted: %w", err)
	}
	if after >= 0 {
		told.After = &after
	}
	return json.Marshal(told) //nolint:wrapcheck // numbers and strings
}

// decode reads one report and refuses one that is too large or about another
// boot: an address can be given to another pod.
func (p *poller) decode(body io.Reader) (guestapi.Report, error) {
	data, err := io.ReadAll(io.LimitReader(body, guestapi.ReportMaxBytes+1))
	if err != nil {
		return guestapi.Report{}, fmt.Errorf("read report of pod %q: %w", p.target.Pod, err)
	}
	if len(data) > guestapi.ReportMaxBytes {
		return guestapi.Report{}, fmt.Errorf("report of pod %q is larger than %d bytes", p.target.Pod, guestapi.ReportMaxBytes)
	}
	var r guestapi.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return guestapi.Report{}, fmt.Errorf("decode report of pod %q: %w", p.target.Pod, err)
	}
	if r.Boot != string(p.target.UID) {
		return guestapi.Report{}, fmt.Errorf("report of pod %q is about boot %.64q, want %q", p.target.Pod, r.Boot, p.target.UID)
	}
	return r, nil
}
