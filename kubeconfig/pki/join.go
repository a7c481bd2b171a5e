package pki

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// guestTokenBytes is how much randomness a guest token carries.
const guestTokenBytes = 32

// NewJoin makes what a pool node needs to join the cluster of an identity and
// to serve its guest: the data of the join Secret. No authority's key is in it.
//
// The tokens derive from the identity, so that join credentials made anew after
// a loss fit the nodes that run: they know the tokens of before.
func NewJoin(id Identity, now time.Time, rand io.Reader) (map[string][]byte, error) {
	guest, err := id.servingCert(guestapi.ServerName, now, rand)
	if err != nil {
		return nil, fmt.Errorf("guest certificate: %w", err)
	}
	token, guestToken, err := id.tokens()
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return map[string][]byte{
		guestapi.JoinCACert:     id.ServerCA(),
		guestapi.JoinToken:      []byte(token),
		guestapi.JoinGuestCert:  guest.Cert,
		guestapi.JoinGuestKey:   guest.Key,
		guestapi.JoinGuestToken: []byte(guestToken),
	}, nil
}

// tokens returns the join token and the guest token of an identity.
func (id Identity) tokens() (join, guest string, err error) {
	material, err := id.derive("join token")
	if err != nil {
		return "", "", err
	}
	if join, err = id.layout.join.make(material); err != nil {
		return "", "", err
	}
	if material, err = id.derive("guest token"); err != nil {
		return "", "", err
	}
	guest, err = secretToken(material)
	return join, guest, err
}

// ServerToken is what a server of K3s guards its cluster with: whoever has it
// can read the authorities' keys from the datastore. It is never what agents
// join with.
func (id Identity) ServerToken() (string, error) {
	material, err := id.derive("server token")
	if err != nil {
		return "", err
	}
	return secretToken(material)
}

// derive returns key material for one purpose that only a holder of the
// cluster's authority can know, and that says nothing about its key (HKDF,
// RFC 5869).
func (id Identity) derive(purpose string) (io.Reader, error) {
	secret, err := x509.MarshalPKCS8PrivateKey(id.pairs[id.layout.serverCA].key)
	if err != nil {
		return nil, fmt.Errorf("encode the authority's key: %w", err)
	}
	const enough = 1024 // bytes; a token uses some 30, throwing away a few
	material, err := hkdf.Key(sha256.New, secret, nil, "vclusterctl.dev/"+purpose, enough)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	return bytes.NewReader(material), nil
}

// ValidateJoin says whether files are a whole set of join credentials of the
// cluster of an identity. The error names every key that is missing, broken,
// or not of that cluster.
func ValidateJoin(id Identity, files map[string][]byte) error {
	return errors.Join(
		checkJoinCA(id, files),
		checkJoinToken(id.layout.join.form, files),
		checkGuestPair(id, files),
		checkGuestToken(files),
	)
}

func checkJoinCA(id Identity, files map[string][]byte) error {
	ca, err := read(files, guestapi.JoinCACert, parseCA)
	if err != nil {
		return err
	}
	if !bytes.Equal(ca.Raw, id.pairs[id.layout.serverCA].cert.Raw) {
		return fmt.Errorf("%q is not the authority of this cluster's identity", guestapi.JoinCACert)
	}
	return nil
}

func checkJoinToken(form *regexp.Regexp, files map[string][]byte) error {
	_, err := read(files, guestapi.JoinToken, func(data []byte) (string, error) {
		if !form.Match(data) {
			return "", fmt.Errorf("does not match %s", form)
		}
		return string(data), nil
	})
	return err
}

func checkGuestToken(files map[string][]byte) error {
	_, err := read(files, guestapi.JoinGuestToken, func(data []byte) ([]byte, error) {
		raw, err := base64.RawURLEncoding.DecodeString(string(data))
		if err != nil {
			return nil, fmt.Errorf("not base64url: %w", err)
		}
		if len(raw) < guestTokenBytes {
			return nil, fmt.Errorf("holds %d bytes, want at least %d", len(raw), guestTokenBytes)
		}
		return raw, nil
	})
	return err
}

func checkGuestPair(id Identity, files map[string][]byte) error {
	cert, certErr := read(files, guestapi.JoinGuestCert, parseCert)
	key, keyErr := read(files, guestapi.JoinGuestKey, parseKey)
	if err := errors.Join(certErr, keyErr); err != nil {
		return err
	}
	if !samePublicKey(cert.PublicKey, key) {
		return fmt.Errorf("key %q does not belong to certificate %q", guestapi.JoinGuestKey, guestapi.JoinGuestCert)
	}
	if err := id.pairs[id.layout.serverCA].verifyServer(cert, guestapi.ServerName); err != nil {
		return fmt.Errorf("%q: %w", guestapi.JoinGuestCert, err)
	}
	return nil
}

// verifyServer checks the chain and the name of a serving certificate, at a
// moment when it is valid: whether it has expired is another question.
func (ca keyPair) verifyServer(cert *x509.Certificate, name string) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	_, err := cert.Verify(x509.VerifyOptions{
		Roots:       roots,
		DNSName:     name,
		CurrentTime: cert.NotAfter,
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("not a serving certificate of this cluster: %w", err)
	}
	return nil
}
