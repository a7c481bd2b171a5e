package main

import (
	"bytes"
	"runtime"
	"testing"
)

// On this machine's own architecture the replaced source says what containerd's
// own does.
func TestOverlayChangesNothingAtHome(t *testing.T) {
	capabilities := []string{"CAP_SYS_ADMIN", "CAP_SYS_PTRACE"}
	want, err := output(append([]string{"go", "run", "./profile"}, capabilities...)...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := profileFor(runtime.GOARCH, capabilities)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("containerd's own profile:\n%s\nthe replaced one:\n%s", want, got)
	}
}
