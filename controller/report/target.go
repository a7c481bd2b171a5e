package report

import (
	"context"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Target is one guest to ask.
type Target struct {
	// UID of the pod: the identity of the boot.
	UID types.UID
	// Pod is the pod's name.
	Pod string
	// Restarts counts the starts of its container after the first: none is told
	// of by a report of before.
	Restarts int32
	// Address is the pod's IP address.
	Address string
	// CA holds the PEM certificates that the guest must be verified with, and
	// Token authenticates us.
	CA    string
	Token string
	// Told is what the guest of a server is told: a guestapi.ReportRequest as
	// JSON, so that targets compare. Empty tells nothing. Control
	// authenticates us for that.
	Told    string
	Control string
}

// DialFunc opens a connection to a guest.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}
