package pki

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

const (
	// AuthorityLifetime is how long the certificate authorities of a new
	// identity are valid.
	AuthorityLifetime = 10 * 365 * 24 * time.Hour

	// clockSkew back-dates every certificate: the clock of a node or a user may
	// be behind the one that issued it.
	clockSkew = 5 * time.Minute
)

// Identity is what makes a cluster that cluster and no other: its authorities
// and its service account key. It is made once. A new one under a live
// datastore would destroy the cluster.
//
// An Identity is always whole: NewIdentity and LoadIdentity are the only ways
// to get one, and both validate.
type Identity struct {
	layout layout
	files  map[string][]byte
	pairs  map[string]keyPair // by the authority's certKey
}

// keyPair is a parsed certificate with its private key.
type keyPair struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// NewIdentity makes the identity of a new cluster of a distro.
func NewIdentity(distro v1alpha1.Distro, now time.Time, rand io.Reader) (Identity, error) {
	l, err := layoutOf(distro)
	if err != nil {
		return Identity{}, err
	}
	files := map[string][]byte{}
	for _, a := range l.authorities {
		if err := addAuthority(files, a, now, rand); err != nil {
			return Identity{}, err
		}
	}
	for _, k := range l.signingKeys {
		if err := addSigningKey(files, k, rand); err != nil {
			return Identity{}, err
		}
	}
	return LoadIdentity(distro, files)
}

// LoadIdentity reads the files of an identity that was made earlier. The error
// names every key that is missing, broken or does not match its partner.
// Files that the distro does not know are ignored.
func LoadIdentity(distro v1alpha1.Distro, files map[string][]byte) (Identity, error) {
	l, err := layoutOf(distro)
	if err != nil {
		return Identity{}, err
	}
	pairs, err := checkIdentity(l, files)
	if err != nil {
		return Identity{}, fmt.Errorf("identity for distro %q: %w", distro, err)
	}
	return Identity{layout: l, files: only(l, files), pairs: pairs}, nil
}

// Validate says whether files hold a whole identity of a distro. The error
// names every key that is missing, broken or does not match its partner.
func Validate(distro v1alpha1.Distro, files map[string][]byte) error {
	_, err := LoadIdentity(distro, files)
	return err
}

// Fingerprint is Identity.Fingerprint for files that were not loaded yet.
func Fingerprint(distro v1alpha1.Distro, files map[string][]byte) (string, error) {
	id, err := LoadIdentity(distro, files)
	if err != nil {
		return "", err
	}
	return id.Fingerprint(), nil
}

// Files returns a copy of the identity's files: the data of its Secret.
func (id Identity) Files() map[string][]byte {
	return maps.Clone(id.files)
}

// ServerCA returns the PEM certificate that clients of the API server verify
// it with.
func (id Identity) ServerCA() []byte {
	return id.files[id.layout.serverCA]
}

// Fingerprint identifies the identity: the SHA-256, in hex, of the
// certificates of all its authorities. It does not depend on how the PEM files
// are laid out.
func (id Identity) Fingerprint() string {
	h := sha256.New()
	for _, a := range id.layout.authorities {
		h.Write(id.pairs[a.certKey].cert.Raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ExpiresAt returns the moment the first of the authorities expires.
func (id Identity) ExpiresAt() time.Time {
	var first time.Time
	for _, p := range id.pairs {
		if first.IsZero() || p.cert.NotAfter.Before(first) {
			first = p.cert.NotAfter
		}
	}
	return first
}

func addAuthority(files map[string][]byte, a authority, now time.Time, rand io.Reader) error {
	cert, key, err := newAuthority(a.commonName, now, rand)
	if err != nil {
		return fmt.Errorf("make authority %q: %w", a.certKey, err)
	}
	files[a.certKey], files[a.keyKey] = cert, key
	return nil
}

func addSigningKey(files map[string][]byte, k signingKey, rand io.Reader) error {
	private, public, err := newSigningKey(rand)
	if err != nil {
		return fmt.Errorf("make signing key %q: %w", k.privateKey, err)
	}
	files[k.privateKey] = private
	if k.publicKey != "" {
		files[k.publicKey] = public
	}
	return nil
}

// only keeps the files that the layout knows.
func only(l layout, files map[string][]byte) map[string][]byte {
	kept := map[string][]byte{}
	for _, key := range l.fileKeys() {
		kept[key] = files[key]
	}
	return kept
}
