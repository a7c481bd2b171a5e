package guest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	// Before the guest listens a connection is refused at once, so we come
	// back soon; the wait doubles up to the longest one.
	firstWait   = 20 * time.Millisecond
	longestWait = 500 * time.Millisecond
)

// Client talks to one guest.
type Client struct {
	url   string
	token string
	http  *http.Client
}

// New returns the client for the guest of the node at addr, trusting the CA
// given as PEM.
func New(addr netip.Addr, ca []byte, token string) (*Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("guest: the pinned CA holds no PEM certificate")
	}
	return &Client{
		url:   "https://" + netip.AddrPortFrom(addr, guestapi.Port).String(),
		token: token,
		http: &http.Client{Transport: &http.Transport{
			DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: guestapi.ServerName, MinVersion: tls.VersionTLS13},
		}},
	}, nil
}

// Close drops the connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Report returns the current report.
func (c *Client) Report(ctx context.Context) (guestapi.Report, error) {
	return c.get(ctx, "")
}

// Follow calls seen with each new report of a boot until it returns true. While
// the guest does not answer, it tries again: nobody can tell it when a node
// that starts begins to listen.
func (c *Client) Follow(ctx context.Context, boot string, seen func(guestapi.Report) bool) error {
	query, wait := "", firstWait
	for {
		report, err := c.get(ctx, query)
		switch {
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), err)
		case err != nil || report.Boot != boot:
			if err := pause(ctx, wait); err != nil {
				return err
			}
			query, wait = "", min(2*wait, longestWait)
			continue
		}
		if seen(report) {
			return nil
		}
		query, wait = "?after="+strconv.FormatInt(report.Revision, 10), firstWait
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func (c *Client) get(ctx context.Context, query string) (guestapi.Report, error) {
	// A long poll answers in time or the node is gone.
	ctx, cancel := context.WithTimeout(ctx, (guestapi.ReportWaitSeconds+10)*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+guestapi.ReportPath+query, nil)
	if err != nil {
		return guestapi.Report{}, fmt.Errorf("ask the node for its report: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := c.http.Do(req)
	if err != nil {
		return guestapi.Report{}, fmt.Errorf("ask the node for its report: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return guestapi.Report{}, fmt.Errorf("ask the node for its report: it answers %s", res.Status)
	}
	var report guestapi.Report
	err = json.NewDecoder(io.LimitReader(res.Body, guestapi.ReportMaxBytes)).Decode(&report)
	if err != nil {
		return guestapi.Report{}, fmt.Errorf("read the node's report: %w", err)
	}
	return report, nil
}
