package pki

import (
	"crypto/rand"
	"crypto/x509"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/keyutil"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestK3sIdentityFiles(t *testing.T) {
	id := newIdentityOf(t, v1alpha1.DistroK3s)
	want := []string{
		guestapi.IdentityClientCACert, guestapi.IdentityClientCAKey,
		guestapi.IdentityEtcdCACert, guestapi.IdentityEtcdCAKey,
		guestapi.IdentityRequestHeaderCACert, guestapi.IdentityRequestHeaderCAKey,
		guestapi.IdentityServerCACert, guestapi.IdentityServerCAKey,
		guestapi.IdentityServiceKey,
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(id.Files()))); diff != "" {
		t.Errorf("keys of the identity: -want, +got:\n%s", diff)
	}
	if _, err := keyutil.ParsePrivateKeyPEM(id.Files()[guestapi.IdentityServiceKey]); err != nil {
		t.Errorf("the service account key: %v", err)
	}
	if diff := cmp.Diff(string(id.Files()[guestapi.IdentityServerCACert]), string(id.ServerCA())); diff != "" {
		t.Errorf("what clients verify the API with: -want, +got:\n%s", diff)
	}
}

// TestK3sClientCert: K3s has an authority of its own for clients.
func TestK3sClientCert(t *testing.T) {
	id := newIdentityOf(t, v1alpha1.DistroK3s)
	made, err := id.ClientCert("admin", []string{"system:masters"}, time.Hour, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCert(made.Cert)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{guestapi.IdentityClientCACert: true, guestapi.IdentityServerCACert: false} {
		if err := verifies(cert, id.Files()[key], "", x509.ExtKeyUsageClientAuth); (err == nil) != want {
			t.Errorf("under %q: %v", key, err)
		}
	}
}

func verifies(cert *x509.Certificate, ca []byte, name string, usage x509.ExtKeyUsage) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err //nolint:wrapcheck // a test helper
}

func TestIssue(t *testing.T) {
	for _, distro := range []v1alpha1.Distro{v1alpha1.DistroK8s, v1alpha1.DistroK3s} {
		t.Run(string(distro), func(t *testing.T) {
			id := newIdentityOf(t, distro)
			made, err := id.Issue(Leaf{
				Authority: guestapi.IdentityEtcdCACert, Name: "server-0", DNSNames: []string{"localhost"}, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
			}, now, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := parseCert(made.Cert)
			if err != nil {
				t.Fatal(err)
			}
			ca := id.Files()[guestapi.IdentityEtcdCACert]
			for name, usage := range map[string]x509.ExtKeyUsage{
				"localhost": x509.ExtKeyUsageServerAuth, "127.0.0.1": x509.ExtKeyUsageServerAuth, "": x509.ExtKeyUsageClientAuth,
			} {
				if err := verifies(cert, ca, name, usage); err != nil {
					t.Errorf("name %q: %v", name, err)
				}
			}
			if err := verifies(cert, id.ServerCA(), "", x509.ExtKeyUsageClientAuth); err == nil {
				t.Error("the API's authority must not let anybody into the datastore")
			}
		})
	}
}

// TestK3sTokens: whoever can join as an agent must not be able to do what the
// server token allows.
func TestK3sTokens(t *testing.T) {
	id := newIdentityOf(t, v1alpha1.DistroK3s)
	files := newJoin(t, id)
	if err := ValidateJoin(id, files); err != nil {
		t.Error(err)
	}
	server, err := id.ServerToken()
	if err != nil {
		t.Fatal(err)
	}
	again, err := newLoaded(t, id).ServerToken()
	if err != nil || again != server {
		t.Errorf("the server token changed from boot to boot: %v", err)
	}
	tokens := []string{server, string(files[guestapi.JoinToken]), string(files[guestapi.JoinGuestToken])}
	slices.Sort(tokens)
	if len(slices.Compact(tokens)) != 3 {
		t.Error("two tokens are the same")
	}
	files[guestapi.JoinToken] = []byte("abcdef.0123456789abcdef")
	checkMessage(t, "A token of the other distro joins nothing.", ValidateJoin(id, files), []string{`"token": does not match`})
}

func newLoaded(t *testing.T, id Identity) Identity {
	t.Helper()
	loaded, err := LoadIdentity(v1alpha1.DistroK3s, id.Files())
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}
