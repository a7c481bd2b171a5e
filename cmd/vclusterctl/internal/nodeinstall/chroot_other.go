//go:build !linux

package nodeinstall

import "errors"

// Enter is for Linux only.
func Enter(string) error { return errors.New("nodes run Linux, and this machine does not") }
