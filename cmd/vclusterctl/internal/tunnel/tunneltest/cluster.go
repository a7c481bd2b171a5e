package tunneltest

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Cluster is the API server of a virtual cluster: it has a certificate of the
// cluster's authority, and wants one of its users.
type Cluster struct {
	// Address is where it listens, as HOST:PORT.
	Address string

	identity pki.Identity
}

// NewCluster starts one.
func NewCluster(t *testing.T, handler http.HandlerFunc) *Cluster {
	t.Helper()
	identity, err := pki.NewIdentity(v1alpha1.DistroK8s, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	join, err := pki.NewJoin(identity, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(join[guestapi.JoinGuestCert], join[guestapi.JoinGuestKey])
	if err != nil {
		t.Fatal(err)
	}
	users := x509.NewCertPool()
	users.AppendCertsFromPEM(identity.ServerCA())
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: users, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return &Cluster{Address: strings.TrimPrefix(server.URL, "https://"), identity: identity}
}

// Kubeconfig is the administrator's, for an address as https://HOST:PORT.
func (c *Cluster) Kubeconfig(t *testing.T, server string) []byte {
	t.Helper()
	admin, err := c.identity.ClientCert("admin", nil, time.Hour, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	data, err := kubeconfig.Build(kubeconfig.Params{
		Name: "dev", Server: server, TLSServerName: guestapi.ServerName,
		CA: c.identity.ServerCA(), ClientCert: admin.Cert, ClientKey: admin.Key,
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
