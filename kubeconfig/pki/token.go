package pki

import (
	"encoding/base64"
	"fmt"
	"io"
)

// The parts of a kubeadm bootstrap token: a public id and a secret.
const (
	tokenIDLength     = 6
	tokenSecretLength = 16
)

// tokenAlphabet is what kubeadm allows in both parts of a bootstrap token.
const tokenAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"

// bootstrapToken makes a bootstrap token in kubeadm's form.
func bootstrapToken(rand io.Reader) (string, error) {
	id, err := randomString(rand, tokenIDLength)
	if err != nil {
		return "", err
	}
	secret, err := randomString(rand, tokenSecretLength)
	if err != nil {
		return "", err
	}
	return id + "." + secret, nil
}

// randomString takes length characters evenly from tokenAlphabet.
func randomString(rand io.Reader, length int) (string, error) {
	// Bytes from the last, incomplete run of the alphabet are thrown away:
	// taking them modulo its length would favour the first characters.
	const limit = 256 - 256%len(tokenAlphabet)
	out := make([]byte, 0, length)
	var b [1]byte
	for len(out) < length {
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return "", fmt.Errorf("read randomness: %w", err)
		}
		if int(b[0]) < limit {
			out = append(out, tokenAlphabet[int(b[0])%len(tokenAlphabet)])
		}
	}
	return string(out), nil
}

// secretToken makes an opaque bearer token.
func secretToken(rand io.Reader) (string, error) {
	var b [guestTokenBytes]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
