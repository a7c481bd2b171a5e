package guest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// fakeGuest serves reports the way a guest does: one after the other, each to
// whoever has seen the one before.
type fakeGuest struct {
	reports []guestapi.Report
	token   string
	asked   []string
}

func (g *fakeGuest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+g.token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	next := g.reports[min(len(g.asked), len(g.reports)-1)]
	g.asked = append(g.asked, r.URL.RequestURI())
	_ = json.NewEncoder(w).Encode(next)
}

// serve starts the guest of an identity, and returns a client that trusts ca.
func serve(t *testing.T, g *fakeGuest, join map[string][]byte, ca []byte, token string) *Client {
	t.Helper()
	pair, err := tls.X509KeyPair(join[guestapi.JoinGuestCert], join[guestapi.JoinGuestKey])
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(g)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	server.StartTLS()
	t.Cleanup(server.Close)
	c, err := New(netip.MustParseAddr("127.0.0.1"), ca, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.url = server.URL
	return c
}

func identity(t *testing.T) map[string][]byte {
	t.Helper()
	now := time.Now()
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	join, err := pki.NewJoin(id, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return join
}

func TestFollow(t *testing.T) {
	join := identity(t)
	g := &fakeGuest{token: "secret", reports: []guestapi.Report{
		{Boot: "old", Revision: 90, Schedulable: true},
		{Boot: "new", Revision: 1},
		{Boot: "new", Revision: 4, Schedulable: true},
	}}
	c := serve(t, g, join, join[guestapi.JoinCACert], "secret")
	var seen []int64
	err := c.Follow(t.Context(), "new", func(r guestapi.Report) bool {
		seen = append(seen, r.Revision)
		return r.Schedulable
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{1, 4}, seen); diff != "" {
		t.Errorf("\nA report of an earlier boot does not count.\nFollow(...): -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/report", "/report", "/report?after=1"}, g.asked); diff != "" {
		t.Errorf("\nIt waits for what comes after the revision it knows.\nFollow(...): -want, +got:\n%s", diff)
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	join := identity(t)
	c := serve(t, &fakeGuest{token: "other"}, join, join[guestapi.JoinCACert], "secret")
	errBoom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	if err := c.Follow(ctx, "boot", nil); !errors.Is(err, errBoom) {
		t.Errorf("Follow(...): want the cause of the context's end, got %v", err)
	}
}

func TestReportTrustsNobodyElse(t *testing.T) {
	join, other := identity(t), identity(t)
	cases := map[string]struct {
		reason string
		ca     []byte
		token  string
		fails  bool
	}{
		"Right":      {reason: "The node of our cluster is believed.", ca: join[guestapi.JoinCACert], token: "secret"},
		"OtherCA":    {reason: "A node of another cluster is not.", ca: other[guestapi.JoinCACert], token: "secret", fails: true},
		"WrongToken": {reason: "Without the token there is no report.", ca: join[guestapi.JoinCACert], token: "x", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := &fakeGuest{token: "secret", reports: []guestapi.Report{{Boot: "b"}}}
			_, err := serve(t, g, join, tc.ca, tc.token).Report(t.Context())
			if (err != nil) != tc.fails {
				t.Errorf("\n%s\nReport(...): got error %v", tc.reason, err)
			}
		})
	}
	if _, err := New(netip.MustParseAddr("127.0.0.1"), []byte("no PEM"), ""); err == nil {
		t.Error("New(...) without a CA: want an error")
	}
}
