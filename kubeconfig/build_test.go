package kubeconfig

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// These certificates are verified by code that reads the real clock.
var issued = time.Now()

func newIdentity(t *testing.T) pki.Identity {
	t.Helper()
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, issued, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func paramsOf(t *testing.T, id pki.Identity, server string) Params {
	t.Helper()
	creds, err := id.ClientCert("jane", []string{"dev"}, time.Hour, issued, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Params{
		Name:          "dev",
		Server:        server,
		TLSServerName: guestapi.ServerName,
		CA:            id.ServerCA(),
		ClientCert:    creds.Cert,
		ClientKey:     creds.Key,
	}
}

func newParams(t *testing.T) Params {
	t.Helper()
	return paramsOf(t, newIdentity(t), "https://10.0.0.1:6443")
}

func build(t *testing.T, p Params) []byte {
	t.Helper()
	data, err := Build(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBuildRoundTrip(t *testing.T) {
	want := newParams(t)
	data := build(t, want)
	got, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-built, +parsed:\n%s", diff)
	}
	if !bytes.Equal(data, build(t, want)) {
		t.Error("equal parameters give different bytes")
	}
}

func TestBuildIsReadByClientGo(t *testing.T) {
	p := newParams(t)
	cfg, err := clientcmd.RESTConfigFromKubeConfig(build(t, p))
	if err != nil {
		t.Fatal(err)
	}
	want := rest.TLSClientConfig{ServerName: p.TLSServerName, CAData: p.CA, CertData: p.ClientCert, KeyData: p.ClientKey}
	if diff := cmp.Diff(want, cfg.TLSClientConfig); diff != "" {
		t.Errorf("TLS: -want, +got:\n%s", diff)
	}
	if cfg.Host != p.Server {
		t.Errorf("host %q, want %q", cfg.Host, p.Server)
	}
}

// A server whose certificate knows nothing of the address it is reached at is
// verified by its fixed name, and sees the user of the client certificate.
func TestBuildConnects(t *testing.T) {
	id := newIdentity(t)
	server := serve(t, id)
	p := paramsOf(t, id, server.URL)
	otherUser := paramsOf(t, newIdentity(t), server.URL)
	cases := map[string]struct {
		reason string
		params Params
		want   string // body, or part of the error
	}{
		"Right":     {reason: "Authority, name and user fit.", params: p, want: "hello jane of dev"},
		"NoName":    {reason: "Without tls-server-name the address itself is verified, and it is not in the certificate.", params: with(p, func(p *Params) { p.TLSServerName = "" }), want: "127.0.0.1"},
		"OtherCA":   {reason: "Another cluster's authority does not vouch for this server.", params: with(p, func(p *Params) { p.CA = otherUser.CA }), want: "unknown authority"},
		"OtherUser": {reason: "Another cluster's user is nobody here.", params: with(p, func(p *Params) { p.ClientCert, p.ClientKey = otherUser.ClientCert, otherUser.ClientKey }), want: "tls"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := get(t, build(t, tc.params)); !strings.Contains(got, tc.want) {
				t.Errorf("%s got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func with(p Params, change func(*Params)) Params {
	change(&p)
	return p
}

// serve starts a TLS server with the identity's guest certificate that asks
// for client certificates of the identity.
func serve(t *testing.T, id pki.Identity) *httptest.Server {
	t.Helper()
	join, err := pki.NewJoin(id, issued, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(join[guestapi.JoinGuestCert], join[guestapi.JoinGuestKey])
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(id.ServerCA())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject := r.TLS.PeerCertificates[0].Subject
		_, _ = w.Write([]byte("hello " + subject.CommonName + " of " + strings.Join(subject.Organization, ",")))
	}))
	server.Config.ErrorLog = quiet()
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// get asks the server of a kubeconfig for / and returns the body or the error.
func get(t *testing.T, data []byte) string {
	t.Helper()
	cfg, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(cfg.Host)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		return err.Error()
	}
	return body.String()
}

func TestBuildBadInput(t *testing.T) {
	good, other := newParams(t), newParams(t)
	cases := map[string]struct {
		reason string
		change func(*Params)
		want   string
	}{
		"NoName":   {reason: "Everything inside is called by the name.", change: func(p *Params) { p.Name = "" }, want: "the name is empty"},
		"NoServer": {reason: "There must be a server.", change: func(p *Params) { p.Server = "" }, want: `https://HOST:PORT, not ""`},
		"NoScheme": {reason: "A bare address is a common mistake.", change: func(p *Params) { p.Server = "10.0.0.1:6443" }, want: "the server"},
		"PlainHTTP": {
			reason: "A client certificate needs TLS.",
			change: func(p *Params) { p.Server = "http://10.0.0.1" }, want: `not "http://10.0.0.1"`,
		},
		"NoHost":   {reason: "A scheme is no address.", change: func(p *Params) { p.Server = "https://:6443" }, want: `not "https://:6443"`},
		"BadURL":   {reason: "What is no URL at all is refused.", change: func(p *Params) { p.Server = "https://%zz" }, want: "no URL"},
		"NoCA":     {reason: "Nothing would be verified.", change: func(p *Params) { p.CA = nil }, want: "certificate authority"},
		"JunkCert": {reason: "A broken certificate fails late otherwise.", change: func(p *Params) { p.ClientCert = []byte("junk") }, want: "no pair"},
		"Mismatch": {reason: "A key of another certificate too.", change: func(p *Params) { p.ClientKey = other.ClientKey }, want: "no pair"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Build(with(good, tc.change))
			wantError(t, tc.reason, err, tc.want)
		})
	}
}

func TestParseBadInput(t *testing.T) {
	good := string(build(t, newParams(t)))
	cases := map[string]struct {
		reason string
		data   string
		want   string
	}{
		"Junk":      {reason: "Not even YAML.", data: "\x00", want: "not a kubeconfig"},
		"Empty":     {reason: "An empty file says nothing.", data: "", want: "no current-context"},
		"NoContext": {reason: "The current context must exist.", data: strings.Replace(good, "current-context: dev", "current-context: x", 1), want: `no context "x"`},
		"NoCluster": {reason: "Its cluster must exist.", data: strings.Replace(good, "    cluster: dev", "    cluster: x", 1), want: `context "dev" names cluster "x"`},
		"NoUser":    {reason: "Its user must exist.", data: strings.Replace(good, "    user: dev", "    user: x", 1), want: `context "dev" names user "x"`},
		"NoPair":    {reason: "We make only client certificates.", data: strings.Replace(good, "client-key-data", "x-data", 1), want: "no pair"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tc.data))
			wantError(t, tc.reason, err, tc.want)
		})
	}
}

func TestContextName(t *testing.T) {
	if got := ContextName("team", "dev"); got != "vclusterctl-team-dev" {
		t.Errorf("got %q", got)
	}
}

func wantError(t *testing.T, reason string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s error %v does not say %q", reason, err, want)
	}
}
