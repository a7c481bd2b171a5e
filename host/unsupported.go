//go:build !linux

package host

import (
	"context"
	"fmt"
	"runtime"
)

func unsupported() error {
	return fmt.Errorf("%w: it needs Linux, and this is %s: use a cluster you have, or a Linux virtual machine", ErrUnsupported, runtime.GOOS)
}

// Up starts the embedded host. Here it cannot.
func Up(context.Context, Options, Reporter) (Status, error) { return Status{}, unsupported() }

// Down stops the embedded host. Here there is none.
func Down(context.Context, Options, Reporter) error { return unsupported() }

// GetStatus says how the embedded host is. Here there is none.
func GetStatus(context.Context, Options) (Status, error) { return Status{}, unsupported() }

// LoadImage puts an image into the running host. Here there is none.
func LoadImage(context.Context, Options, string, Reporter) error { return unsupported() }

// Kubeconfig returns a kubeconfig for the host. Here there is none.
func Kubeconfig(context.Context, Options) ([]byte, error) { return nil, unsupported() }

// Leftovers lists what a host left behind. Here none can.
func Leftovers(Options) ([]string, error) { return nil, unsupported() }
