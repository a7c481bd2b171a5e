//go:build linux

package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// bridgeFilter is the kernel module with which packets between pods of one node
// pass its packet filter, and so find the way back from a Service. Unlike the
// other modules that a node uses, nothing loads it by itself.
const (
	bridgeFilter      = "br_netfilter"
	bridgeFilterProof = "/proc/sys/net/bridge/bridge-nf-call-iptables"
)

// loadModules loads what the node can only use if it is there: the machine's
// tool knows where its modules are.
func (s *starter) loadModules(ctx context.Context) error {
	return ensureModule(ctx, bridgeFilter, bridgeFilterProof, func(ctx context.Context, name string) ([]byte, error) {
		return exec.CommandContext(ctx, modprobe(), name).CombinedOutput()
	})
}

// modprobe is where it is also for a user whose path has no such directory.
func modprobe() string {
	if path, err := exec.LookPath("modprobe"); err == nil {
		return path
	}
	return "/sbin/modprobe"
}

// ensureModule has a module loaded unless the file that it brings is there, as
// it is where the module is part of the kernel.
func ensureModule(ctx context.Context, name, proof string, load func(context.Context, string) ([]byte, error)) error {
	if _, err := os.Stat(proof); err == nil {
		return nil
	}
	out, err := load(ctx, name)
	if err != nil {
		return fmt.Errorf("%w: it needs the kernel module %q: modprobe: %w: %s", ErrUnsupported, name, err, strings.TrimSpace(string(out)))
	}
	if _, err := os.Stat(proof); err != nil {
		return fmt.Errorf("%w: the kernel module %q was loaded, and still: %w", ErrUnsupported, name, err)
	}
	return nil
}
