package pki

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestClientCert(t *testing.T) {
	id := newIdentity(t)
	creds, err := id.ClientCert("jane", []string{"system:masters", "dev"}, time.Hour, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(creds.Cert, creds.Key); err != nil {
		t.Errorf("certificate and key: %v", err)
	}
	cert, err := parseCert(creds.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if cert.Subject.CommonName != "jane" {
		t.Errorf("user %q", cert.Subject.CommonName)
	}
	if diff := cmp.Diff([]string{"dev", "system:masters"}, slices.Sorted(slices.Values(cert.Subject.Organization))); diff != "" {
		t.Errorf("groups: -want, +got:\n%s", diff)
	}
	if !cert.NotAfter.Equal(now.Add(time.Hour)) {
		t.Errorf("expires at %s", cert.NotAfter)
	}
}

func TestClientCertVerifies(t *testing.T) {
	mine, other := newIdentity(t), newIdentity(t)
	creds, err := mine.ClientCert("jane", nil, time.Hour, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		roots  []byte
		usage  x509.ExtKeyUsage
		at     time.Time
		want   bool
	}{
		"Own":       {reason: "Our own authority signed it.", roots: mine.ServerCA(), usage: x509.ExtKeyUsageClientAuth, at: now, want: true},
		"EarlyBird": {reason: "A clock may be a little behind.", roots: mine.ServerCA(), usage: x509.ExtKeyUsageClientAuth, at: now.Add(-time.Minute), want: true},
		"Other":     {reason: "Another cluster of the same names must refuse it.", roots: other.ServerCA(), usage: x509.ExtKeyUsageClientAuth, at: now},
		"Server":    {reason: "It must not serve.", roots: mine.ServerCA(), usage: x509.ExtKeyUsageServerAuth, at: now},
		"FrontProxy": {
			reason: "The aggregation layer trusts its own authority only.",
			roots:  mine.Files()["front-proxy-ca.crt"], usage: x509.ExtKeyUsageClientAuth, at: now,
		},
		"Expired": {reason: "It ends.", roots: mine.ServerCA(), usage: x509.ExtKeyUsageClientAuth, at: now.Add(2 * time.Hour)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := verify(t, creds.Cert, tc.roots, tc.usage, tc.at); (err == nil) != tc.want {
				t.Errorf("%s verified: %v", tc.reason, err)
			}
		})
	}
}

func verify(t *testing.T, certData, rootData []byte, usage x509.ExtKeyUsage, at time.Time) error {
	t.Helper()
	cert, err := parseCert(certData)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(rootData)
	_, err = cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err //nolint:wrapcheck // a test helper
}

func TestClientCertNeverOutlivesItsAuthority(t *testing.T) {
	id := newIdentity(t)
	late := now.Add(AuthorityLifetime - time.Hour)
	creds, err := id.ClientCert("jane", nil, 24*time.Hour, late, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCert(creds.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if !cert.NotAfter.Equal(id.ExpiresAt()) {
		t.Errorf("expires at %s, the authority at %s", cert.NotAfter, id.ExpiresAt())
	}
	_, err = id.ClientCert("jane", nil, time.Hour, id.ExpiresAt(), rand.Reader)
	checkMessage(t, "An expired authority signs nothing.", err, []string{`authority "kubernetes" expired at 2036-`})
}

func TestClientCertBadInput(t *testing.T) {
	id := newIdentity(t)
	_, err := id.ClientCert("", nil, time.Hour, now, rand.Reader)
	checkMessage(t, "Nobody is no user.", err, []string{"user name is empty"})
	_, err = id.ClientCert("jane", nil, 0, now, rand.Reader)
	checkMessage(t, "No time is no certificate.", err, []string{`"jane"`, "must be positive, not 0s"})
}

func TestNoRandomness(t *testing.T) {
	broken := iotest.ErrReader(errors.New("no entropy"))
	_, err := NewIdentity(v1alpha1.DistroK8s, now, broken)
	checkMessage(t, "A broken source of randomness must not be papered over.", err, []string{`"ca.crt"`, "no entropy"})
	_, err = NewJoin(newIdentity(t), now, broken)
	checkMessage(t, "Nor in the join credentials.", err, []string{"no entropy"})
}
