package pki

import (
	"fmt"
	"time"
)

// NeedsRenewal says whether a certificate, as PEM, should be replaced now:
// less than a third of its life is left. A certificate that cannot be read
// needs renewal and is an error.
func NeedsRenewal(certPEM []byte, now time.Time) (bool, error) {
	at, err := RenewAt(certPEM)
	if err != nil {
		return true, err
	}
	return !now.Before(at), nil
}

// RenewAt returns the moment from which NeedsRenewal is true, so that a
// controller can come back then.
func RenewAt(certPEM []byte) (time.Time, error) {
	cert, err := parseCert(certPEM)
	if err != nil {
		return time.Time{}, fmt.Errorf("certificate to renew: %w", err)
	}
	return cert.NotAfter.Add(-cert.NotAfter.Sub(cert.NotBefore) / 3), nil
}

// ValidFrom returns the moment before which a certificate, as PEM, is refused.
func ValidFrom(certPEM []byte) (time.Time, error) {
	cert, err := parseCert(certPEM)
	if err != nil {
		return time.Time{}, fmt.Errorf("certificate: %w", err)
	}
	return cert.NotBefore, nil
}
