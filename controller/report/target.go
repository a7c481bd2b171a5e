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
	// Address is the pod's IP address.
	Address string
	// CA holds the PEM certificates that the guest must be verified with, and
	// Token authenticates us.
	CA    string
	Token string
	// Wanted tells the guest of a server what nodes the cluster is to have:
	// guestapi.ReportRequest.Wanted as JSON, so that targets compare. Empty
	// tells nothing.
	Wanted string
}

// DialFunc opens a connection to a guest.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}
