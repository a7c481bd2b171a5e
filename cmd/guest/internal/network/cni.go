package network

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fsnotify/fsnotify"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

const (
	subnetFile = "/run/flannel/subnet.env" // flannel's answer
	confDir    = "/etc/cni/net.d"
	confName   = "10-vcluster.conflist"
	// networkName is what addresses of pods are noted under.
	networkName = "vcluster"
)

// WriteConfig writes the CNI configuration from flannel's subnet.
func WriteConfig(_ context.Context, log *slog.Logger) error {
	raw, err := os.ReadFile(subnetFile)
	if err != nil {
		return fmt.Errorf("read flannel's subnet: %w", err)
	}
	config, err := conflist(string(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", subnetFile, err)
	}
	if err := writeAtomically(filepath.Join(confDir, confName), config); err != nil {
		return err
	}
	log.Info("pod network configured")
	return nil
}

// AwaitConfig returns once the pod network of this node is configured.
func AwaitConfig(ctx context.Context, distro string) error {
	if distro == guestapi.DistroK3s {
		// Its CNI configuration may be that of an earlier boot.
		return awaitFile(ctx, node.K3sSubnetFile)
	}
	return awaitFile(ctx, filepath.Join(confDir, confName))
}

func awaitFile(ctx context.Context, path string) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Close() }()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := watcher.Add(filepath.Dir(path)); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-watcher.Events:
		case err := <-watcher.Errors:
			return err
		}
	}
}

// conflist builds the configuration from the lines of subnet.env.
func conflist(env string) ([]byte, error) {
	values := values(env)
	subnet, err := netip.ParsePrefix(values["FLANNEL_SUBNET"])
	if err != nil {
		return nil, fmt.Errorf("FLANNEL_SUBNET: %w", err)
	}
	mtu, err := strconv.Atoi(values["FLANNEL_MTU"])
	if err != nil {
		return nil, fmt.Errorf("FLANNEL_MTU: %w", err)
	}
	return json.MarshalIndent(map[string]any{
		"cniVersion": "1.0.0",
		"name":       networkName,
		"plugins": []any{
			map[string]any{
				"type": "bridge", "bridge": "cni0", "mtu": mtu,
				"isDefaultGateway": true, "hairpinMode": true,
				// A node that registers anew has another subnet.
				"forceAddress": true,
				// flannel masquerades what leaves the cluster.
				"ipMasq": false,
				"ipam": map[string]any{
					"type":   "host-local",
					"ranges": []any{[]any{map[string]any{"subnet": subnet.Masked().String()}}},
					"routes": []any{map[string]any{"dst": values["FLANNEL_NETWORK"]}},
				},
			},
			map[string]any{"type": "portmap", "capabilities": map[string]any{"portMappings": true}},
		},
	}, "", "  ")
}

// values reads the lines of subnet.env.
func values(env string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(env) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			found[key] = value
		}
	}
	return found
}

// writeAtomically never shows containerd half a file.
func writeAtomically(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(temp, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
