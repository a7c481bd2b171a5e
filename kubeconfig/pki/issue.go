package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"k8s.io/client-go/util/keyutil"
)

// Credentials are a certificate and its private key, both PEM.
type Credentials struct {
	Cert []byte
	Key  []byte
}

// ClientCert issues a client certificate that the cluster's API server accepts
// as user in groups for ttl. It never outlives the authority that signs it.
func (id Identity) ClientCert(user string, groups []string, ttl time.Duration, now time.Time, rand io.Reader) (Credentials, error) {
	if user == "" {
		return Credentials{}, errors.New("client certificate: the user name is empty")
	}
	if ttl <= 0 {
		return Credentials{}, fmt.Errorf("client certificate for %q: the lifetime must be positive, not %s", user, ttl)
	}
	return id.pairs[id.layout.clientCA].issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: slices.Clone(groups)},
		NotAfter:    now.Add(ttl),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, now, rand)
}

// servingCert issues a serving certificate for one DNS name. It lasts as long as
// the authority: nodes read it at boot only.
func (id Identity) servingCert(dnsName string, now time.Time, rand io.Reader) (Credentials, error) {
	ca := id.pairs[id.layout.serverCA]
	return ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: dnsName},
		DNSNames:    []string{dnsName},
		NotAfter:    ca.cert.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, now, rand)
}

// Leaf is who a component of the cluster is to the others.
type Leaf struct {
	// Authority that signs: the key of its certificate in the identity.
	Authority string
	// Name and Groups are who it is as a client, and to who reads certificates.
	Name   string
	Groups []string
	// DNSNames and Addresses are where it serves. Without any it is a client
	// only.
	DNSNames  []string
	Addresses []netip.Addr
	// ServerOnly says that it proves itself to clients alone.
	ServerOnly bool
}

// Issue issues the certificate of a component. It is valid exactly as long as
// the authority: a node that boots while its clock is ahead must still serve
// after the clock was put right, and makes no other certificate before its next
// boot.
func (id Identity) Issue(l Leaf, now time.Time, rand io.Reader) (Credentials, error) {
	ca, ok := id.pairs[l.Authority]
	if !ok {
		return Credentials{}, fmt.Errorf("certificate for %q: the identity has no authority %q", l.Name, l.Authority)
	}
	return ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: l.Name, Organization: slices.Clone(l.Groups)},
		DNSNames:    slices.Clone(l.DNSNames),
		IPAddresses: ipsOf(l.Addresses),
		NotBefore:   ca.cert.NotBefore,
		NotAfter:    ca.cert.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: l.usages(),
	}, now, rand)
}

// usages are what the certificate may be used for. A server is also a client
// unless it says otherwise: members of a datastore are both to their peers.
func (l Leaf) usages() []x509.ExtKeyUsage {
	var usages []x509.ExtKeyUsage
	if len(l.DNSNames)+len(l.Addresses) > 0 {
		usages = append(usages, x509.ExtKeyUsageServerAuth)
	}
	if !l.ServerOnly {
		usages = append(usages, x509.ExtKeyUsageClientAuth)
	}
	return usages
}

func ipsOf(addresses []netip.Addr) []net.IP {
	ips := make([]net.IP, 0, len(addresses))
	for _, a := range addresses {
		ips = append(ips, a.AsSlice())
	}
	return ips
}

// issue makes a new key and signs a certificate for it. Without a NotBefore of
// its own it begins a moment ago. NotAfter is cut to the authority's own.
func (ca keyPair) issue(template *x509.Certificate, now time.Time, rand io.Reader) (Credentials, error) {
	if !now.Before(ca.cert.NotAfter) {
		return Credentials{}, fmt.Errorf("authority %q expired at %s: it can sign nothing any more",
			ca.cert.Subject.CommonName, ca.cert.NotAfter.UTC().Format(time.RFC3339))
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = now.Add(-clockSkew).UTC()
	}
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	key, keyPEM, err := newKey(rand)
	if err != nil {
		return Credentials{}, err
	}
	der, err := x509.CreateCertificate(rand, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return Credentials{}, fmt.Errorf("sign certificate for %q: %w", template.Subject.CommonName, err)
	}
	return Credentials{Cert: certPEM(der), Key: keyPEM}, nil
}

// newAuthority makes a self-signed root, as PEM.
func newAuthority(commonName string, now time.Time, rand io.Reader) (cert, key []byte, err error) {
	signer, key, err := newKey(rand)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             now.Add(-clockSkew).UTC(),
		NotAfter:              now.Add(AuthorityLifetime).UTC(),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand, template, template, signer.Public(), signer)
	if err != nil {
		return nil, nil, fmt.Errorf("sign: %w", err)
	}
	return certPEM(der), key, nil
}

// newSigningKey makes a service account key pair, as PEM.
func newSigningKey(rand io.Reader) (private, public []byte, err error) {
	signer, private, err := newKey(rand)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("encode public key: %w", err)
	}
	return private, publicKeyPEM(der), nil
}

// newKey makes an ECDSA P-256 key, parsed and as PEM in the form that kubeadm
// and client-go read.
func newKey(rand io.Reader) (crypto.Signer, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
	if err != nil {
		return nil, nil, fmt.Errorf("generate key: %w", err)
	}
	data, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode key: %w", err)
	}
	return key, data, nil
}
