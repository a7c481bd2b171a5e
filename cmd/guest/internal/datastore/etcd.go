package datastore

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/node"
)

// Etcd is a member of etcd, spoken to over its JSON gateway: its Go client
// would be a large part of the guest.
type Etcd struct {
	// URL of the member's client port.
	URL string
	// Client carries the credentials.
	Client *http.Client
}

// Local returns the member on this node.
func Local() (Etcd, error) {
	pair, err := tls.LoadX509KeyPair(node.PKIDir+"/apiserver-etcd-client.crt", node.PKIDir+"/apiserver-etcd-client.key")
	if err != nil {
		return Etcd{}, fmt.Errorf("load the credentials of the datastore: %w", err)
	}
	ca, err := os.ReadFile(node.PKIDir + "/etcd/ca.crt")
	if err != nil {
		return Etcd{}, fmt.Errorf("load the authority of the datastore: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return Etcd{}, errors.New("load the authority of the datastore: it is no certificate")
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12}
	return Etcd{
		URL:    node.EtcdURL,
		Client: &http.Client{Transport: &http.Transport{TLSClientConfig: config, IdleConnTimeout: time.Minute}},
	}, nil
}

// status is what a member says of itself. The gateway writes numbers of 64 bits
// as strings.
type status struct {
	Header struct {
		Revision string `json:"revision"`
		MemberID string `json:"member_id"`
	} `json:"header"`
	Size   int64    `json:"dbSize,string"`
	InUse  int64    `json:"dbSizeInUse,string"`
	Quota  int64    `json:"dbSizeQuota,string"`
	Errors []string `json:"errors"`
}

// full says whether the member refuses writes for want of space.
func (s status) full() bool {
	for _, e := range s.Errors {
		if strings.Contains(e, alarmNoSpace) {
			return true
		}
	}
	return false
}

const alarmNoSpace = "NOSPACE"

func (e Etcd) status(ctx context.Context) (status, error) {
	var s status
	return s, e.post(ctx, "/v3/maintenance/status", map[string]any{}, &s)
}

// compact drops every version of a key but the last.
func (e Etcd) compact(ctx context.Context, revision string) error {
	err := e.post(ctx, "/v3/kv/compaction", map[string]any{"revision": revision, "physical": true}, nil)
	if err != nil && strings.Contains(err.Error(), "has been compacted") {
		return nil // an earlier attempt got this far
	}
	return err
}

// defragment gives the space of what was dropped back. The member answers
// nobody meanwhile.
func (e Etcd) defragment(ctx context.Context) error {
	return e.post(ctx, "/v3/maintenance/defragment", map[string]any{}, nil)
}

// disarm takes the alarm back. A member that is still too full raises it again
// by itself.
func (e Etcd) disarm(ctx context.Context, member string) error {
	return e.post(ctx, "/v3/maintenance/alarm",
		map[string]any{"action": "DEACTIVATE", "memberID": member, "alarm": alarmNoSpace}, nil)
}

func (e Etcd) post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := e.Client.Do(request)
	if err != nil {
		return err
	}
	answer, readErr := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err := errors.Join(readErr, response.Body.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, response.Status, bytes.TrimSpace(answer))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
