package host

import "errors"

var (
	// ErrRestartNeeded is returned by Up where the host runs with another
	// image or configuration.
	ErrRestartNeeded = errors.New("the embedded host runs with another image or configuration")
	// ErrNotRunning is returned where a running host is needed.
	ErrNotRunning = errors.New("the embedded host is not running: start it with \"vclusterctl host up\"")
	// ErrNoImage is returned by FindImage.
	ErrNoImage = errors.New("no node image found")
	// ErrTimeout is returned by Up where the host runs but was not ready in
	// time.
	ErrTimeout = errors.New("the embedded host was not ready in time")
	// ErrUnsupported is returned where this machine cannot run an embedded
	// host at all.
	ErrUnsupported = errors.New("this machine cannot run an embedded host")
)
