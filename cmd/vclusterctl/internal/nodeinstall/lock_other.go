//go:build !linux

package nodeinstall

import "errors"

// lock is for Linux only.
func (Files) lock() (unlock func() error, err error) {
	return nil, errors.New("nodes run Linux, and this machine does not")
}
