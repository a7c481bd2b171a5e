package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/keyutil"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newIdentity(t *testing.T) Identity {
	t.Helper()
	return newIdentityOf(t, v1alpha1.DistroK8s)
}

func newIdentityOf(t *testing.T, distro v1alpha1.Distro) Identity {
	t.Helper()
	id, err := NewIdentity(distro, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestNewIdentityFiles(t *testing.T) {
	want := []string{
		guestapi.IdentityCACert, guestapi.IdentityCAKey,
		guestapi.IdentityEtcdCACert, guestapi.IdentityEtcdCAKey,
		guestapi.IdentityFrontProxyCert, guestapi.IdentityFrontProxyKey,
		guestapi.IdentitySAKey, guestapi.IdentitySAPub,
	}
	got := slices.Sorted(maps.Keys(newIdentity(t).Files()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys of the identity: -want, +got:\n%s", diff)
	}
}

func TestNewIdentityAuthorities(t *testing.T) {
	files := newIdentity(t).Files()
	for key, commonName := range map[string]string{
		guestapi.IdentityCACert:         "kubernetes",
		guestapi.IdentityFrontProxyCert: "front-proxy-ca",
		guestapi.IdentityEtcdCACert:     "etcd-ca",
	} {
		t.Run(key, func(t *testing.T) {
			cert, err := parseCert(files[key])
			if err != nil {
				t.Fatal(err)
			}
			if cert.Subject.CommonName != commonName {
				t.Errorf("common name %q, want %q", cert.Subject.CommonName, commonName)
			}
			if !cert.IsCA || cert.KeyUsage&x509.KeyUsageCertSign == 0 {
				t.Error("the certificate cannot sign others")
			}
			if err := cert.CheckSignatureFrom(cert); err != nil {
				t.Errorf("the certificate is no root: %v", err)
			}
			if got := cert.NotAfter.Sub(now); got != AuthorityLifetime {
				t.Errorf("valid for %s, want %s", got, AuthorityLifetime)
			}
			if !cert.NotBefore.Before(now) {
				t.Error("a clock that is behind would refuse the certificate")
			}
		})
	}
}

// The parsers are the ones kubeadm and kube-apiserver use for their key files.
func TestServiceAccountKeyIsReadByKubernetes(t *testing.T) {
	files := newIdentity(t).Files()
	private, err := keyutil.ParsePrivateKeyPEM(files[guestapi.IdentitySAKey])
	if err != nil {
		t.Fatal(err)
	}
	public, err := keyutil.ParsePublicKeysPEM(files[guestapi.IdentitySAPub])
	if err != nil {
		t.Fatal(err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok || len(public) != 1 || !samePublicKey(public[0], signer) {
		t.Errorf("the %d public keys %T are not the private key's %T", len(public), public, private)
	}
}

func TestFingerprint(t *testing.T) {
	id := newIdentity(t)
	files := id.Files()
	for _, key := range []string{guestapi.IdentityCACert, guestapi.IdentityEtcdCACert} {
		block, _ := pem.Decode(files[key])
		files[key] = append([]byte("a comment\n"), pem.EncodeToMemory(block)...)
	}
	again, err := Fingerprint(v1alpha1.DistroK8s, files)
	if err != nil {
		t.Fatal(err)
	}
	if again != id.Fingerprint() {
		t.Error("the fingerprint depends on how the PEM is written")
	}
	if len(again) != 64 {
		t.Errorf("fingerprint %q is not a SHA-256 in hex", again)
	}
	if newIdentity(t).Fingerprint() == again {
		t.Error("two identities have the same fingerprint")
	}
	if _, err := Fingerprint(v1alpha1.DistroK8s, nil); err == nil {
		t.Error("a fingerprint of nothing")
	}
}

func TestFingerprintCoversEveryAuthority(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t).Files()
	for _, a := range id.layout.authorities {
		files := id.Files()
		files[a.certKey], files[a.keyKey] = other[a.certKey], other[a.keyKey]
		got, err := Fingerprint(v1alpha1.DistroK8s, files)
		if err != nil {
			t.Fatal(err)
		}
		if got == id.Fingerprint() {
			t.Errorf("another %q has the same fingerprint", a.certKey)
		}
	}
}

func TestValidate(t *testing.T) {
	good, other := newIdentity(t).Files(), newIdentity(t).Files()
	leaf, err := newIdentity(t).ClientCert("u", nil, time.Hour, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		change map[string][]byte // nil value deletes
		want   []string          // in the message; none means valid
	}{
		"Good":       {reason: "A new identity is valid."},
		"ExtraKey":   {reason: "Keys that we do not know are no business of ours.", change: map[string][]byte{"x": []byte("y")}},
		"MissingKey": {reason: "A missing key is named.", change: map[string][]byte{"etcd-ca.key": nil}, want: []string{`"etcd-ca.key" is missing`}},
		"EmptyKey":   {reason: "An empty key is as good as none.", change: map[string][]byte{"sa.pub": {}}, want: []string{`"sa.pub" is missing`}},
		"Several": {
			reason: "All that is wrong is said at once.",
			change: map[string][]byte{"ca.crt": nil, "front-proxy-ca.crt": []byte("junk"), "sa.key": []byte("junk")},
			want:   []string{`"ca.crt" is missing`, `"front-proxy-ca.crt": not a PEM certificate`, `"sa.key": not a PEM private key`},
		},
		"ForeignCA":    {reason: "A key must belong to its certificate.", change: map[string][]byte{"ca.crt": other["ca.crt"]}, want: []string{`key "ca.key" does not belong to certificate "ca.crt"`}},
		"ForeignSA":    {reason: "Both halves of the signing key must match.", change: map[string][]byte{"sa.pub": other["sa.pub"]}, want: []string{`public key "sa.pub" does not belong to key "sa.key"`}},
		"PrivateAsPub": {reason: "A private key in the public one's place would leak.", change: map[string][]byte{"sa.pub": good["sa.key"]}, want: []string{`"sa.pub": not a PEM public key`}},
		"Leaf":         {reason: "A leaf cannot sign.", change: map[string][]byte{"ca.crt": leaf.Cert, "ca.key": leaf.Key}, want: []string{`"ca.crt": not a certificate authority`}},
		"Bundle":       {reason: "Which of two certificates would sign is unclear.", change: map[string][]byte{"ca.crt": append(slices.Clone(good["ca.crt"]), other["ca.crt"]...)}, want: []string{`"ca.crt": holds 2 certificates`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkMessage(t, tc.reason, Validate(v1alpha1.DistroK8s, changed(good, tc.change)), tc.want)
		})
	}
}

func TestUnknownDistro(t *testing.T) {
	_, err := NewIdentity("nope", now, rand.Reader)
	checkMessage(t, "The message names what there is.", err, []string{`distro "nope"`, `"k8s"`})
	checkMessage(t, "Reading is refused as well.", Validate("nope", nil), []string{`distro "nope"`})
}

func TestFilesIsACopy(t *testing.T) {
	id := newIdentity(t)
	delete(id.Files(), guestapi.IdentityCACert)
	if len(id.ServerCA()) == 0 || len(id.Files()) != 8 {
		t.Error("a caller can change the identity")
	}
}

func TestExpiresAt(t *testing.T) {
	if got, want := newIdentity(t).ExpiresAt(), now.Add(AuthorityLifetime); !got.Equal(want) {
		t.Errorf("expires at %s, want %s", got, want)
	}
}

// changed returns files with some replaced, or deleted where the value is nil.
func changed(files, change map[string][]byte) map[string][]byte {
	out := maps.Clone(files)
	for key, value := range change {
		if value == nil {
			delete(out, key)
			continue
		}
		out[key] = value
	}
	return out
}

// checkMessage checks that err holds every wanted part, or is nil if there is
// none.
func checkMessage(t *testing.T, reason string, err error, want []string) {
	t.Helper()
	if len(want) == 0 && err != nil {
		t.Errorf("%s got error: %v", reason, err)
	}
	for _, part := range want {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s error %v does not say %q", reason, err, part)
		}
	}
}
