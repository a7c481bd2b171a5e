package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
)

// checkIdentity parses all files of a layout, or says what is wrong with each.
func checkIdentity(l layout, files map[string][]byte) (map[string]keyPair, error) {
	pairs := map[string]keyPair{}
	var errs []error
	for _, a := range l.authorities {
		pair, err := checkAuthority(a, files)
		errs = append(errs, err)
		pairs[a.certKey] = pair
	}
	for _, k := range l.signingKeys {
		errs = append(errs, checkSigningKey(k, files))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return pairs, nil
}

func checkAuthority(a authority, files map[string][]byte) (keyPair, error) {
	cert, certErr := read(files, a.certKey, parseCA)
	key, keyErr := read(files, a.keyKey, parseKey)
	if err := errors.Join(certErr, keyErr); err != nil {
		return keyPair{}, err
	}
	if !samePublicKey(cert.PublicKey, key) {
		return keyPair{}, fmt.Errorf("key %q does not belong to certificate %q", a.keyKey, a.certKey)
	}
	return keyPair{cert: cert, key: key}, nil
}

func checkSigningKey(k signingKey, files map[string][]byte) error {
	private, privateErr := read(files, k.privateKey, parseKey)
	if k.publicKey == "" {
		return privateErr
	}
	public, publicErr := read(files, k.publicKey, parsePublicKey)
	if err := errors.Join(privateErr, publicErr); err != nil {
		return err
	}
	if !samePublicKey(public, private) {
		return fmt.Errorf("public key %q does not belong to key %q", k.publicKey, k.privateKey)
	}
	return nil
}

func parseCA(data []byte) (*x509.Certificate, error) {
	cert, err := parseCert(data)
	if err != nil {
		return nil, err
	}
	if !cert.IsCA {
		return nil, errors.New("not a certificate authority")
	}
	return cert, nil
}

// read parses one file and names it when that fails.
func read[T any](files map[string][]byte, name string, parse func([]byte) (T, error)) (T, error) {
	var none T
	data := files[name]
	if len(data) == 0 {
		return none, fmt.Errorf("%q is missing", name)
	}
	parsed, err := parse(data)
	if err != nil {
		return none, fmt.Errorf("%q: %w", name, err)
	}
	return parsed, nil
}
