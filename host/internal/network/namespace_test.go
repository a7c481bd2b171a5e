//go:build linux

package network

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// ownMounts marks the process that runs a test in a mount namespace of its own.
const ownMounts = "VCLUSTERCTL_TEST_OWN_MOUNTS"

// inOwnMounts runs the calling test once more, in a process that has a mount
// namespace of its own and an empty /run. It says whether this is that process.
func inOwnMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownMounts) != "" {
		for _, err := range []error{
			unix.Mount("", "/", "none", unix.MS_PRIVATE|unix.MS_REC, ""),
			unix.Mount("none", "/run", "tmpfs", 0, ""),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("mounts need root")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), ownMounts+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// A namespace can be removed whoever else made some after it.
func TestRemoveNamespaceAmongOthers(t *testing.T) {
	if !inOwnMounts(t) {
		return
	}
	names := Names{Namespace: "ours"}
	ns, err := makeNamespace(names.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	if err := ns.Close(); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"add", "del"} {
		if out, err := exec.CommandContext(t.Context(), "ip", "netns", verb, "theirs").CombinedOutput(); err != nil {
			t.Fatalf("ip netns %s: %v: %s", verb, err, out)
		}
	}
	if err := removeNamespace(names); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(namespaceDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left behind: %v", namespaceDir, err)
	}
}
