package harness

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	nodefiles "github.com/vclusterctl/vclusterctl/templates/node"
)

// Runs says how a node runs an OCI runtime, given whether it got the cgroup
// controllers for the limits that containerd asks for.
type Runs func(delegated bool) profile.HostOptions

// Offer has a host that is not up yet configured for one more runtime, which is
// not on its node by that alone.
func (h *Host) Offer(p profile.Profile, runs Runs) error {
	config, err := p.HostConfig(runs(true))
	if err != nil {
		return err
	}
	maps.Copy(h.Options.Runtime.NodeLabels, config.NodeLabels)
	others := h.Options.Runtime.Containerd
	h.Options.Runtime.Containerd = func(controllers []string) (map[string][]byte, error) {
		files, err := others(controllers)
		if err != nil {
			return nil, err
		}
		config, err := p.HostConfig(runs(nodefiles.Delegated(controllers)))
		if err != nil {
			return nil, err
		}
		files = maps.Clone(files)
		files[config.Containerd.Name] = config.Containerd.Data
		return files, nil
	}
	return nil
}

// Delegated says whether the node of a host that is up got the cgroup
// controllers for the limits that containerd asks for.
func (h *Host) Delegated() bool { return nodefiles.Delegated(h.Status.Controllers) }

// OnNodeDisk is where a path of the node is on this machine.
func (h *Host) OnNodeDisk(path string) string {
	return filepath.Join("/proc", strconv.Itoa(h.Status.PID), "root", path)
}

// Put writes a file on the node.
func (h *Host) Put(path string, data []byte, mode os.FileMode) error {
	target := h.OnNodeDisk(path)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(target, data, mode); err != nil {
		return fmt.Errorf("put %s on the node: %w", path, err)
	}
	return os.Chmod(target, mode) // it may have been there
}

// library is a file in what ldd says.
var library = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// PutProgram copies a program of this machine onto the node, and those of its
// libraries that the node lacks: both are Debian.
func (h *Host) PutProgram(ctx context.Context, from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := h.Put(to, data, 0o755); err != nil {
		return err
	}
	// ldd fails for a static program, which needs none.
	said, _ := exec.CommandContext(ctx, "ldd", from).Output()
	for _, found := range library.FindAllSubmatch(said, -1) {
		path := string(bytes.TrimSpace(found[1]))
		if _, err := os.Stat(h.OnNodeDisk(path)); err == nil {
			continue
		}
		if data, err = os.ReadFile(path); err != nil {
			return err
		}
		if err := h.Put(path, data, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// AwaitHandler has containerd look at its runtimes again, and waits until the
// node says that it has one, and with user namespaces if they are wanted.
func (h *Host) AwaitHandler(ctx context.Context, name string, userNamespaces bool) error {
	if _, err := h.OnNode(ctx, "systemctl", "restart", "containerd"); err != nil {
		return err
	}
	var nodes corev1.NodeList
	if err := h.List(ctx, &nodes); err != nil {
		return err
	}
	if len(nodes.Items) != 1 {
		return fmt.Errorf("the host has %d nodes, want one", len(nodes.Items))
	}
	one := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodes.Items[0].Name}}
	_, err := Await(ctx, h.Cluster, one, func(n *corev1.Node) (bool, string) {
		has := slices.ContainsFunc(n.Status.RuntimeHandlers, func(r corev1.NodeRuntimeHandler) bool {
			usable := r.Features != nil && r.Features.UserNamespaces != nil && *r.Features.UserNamespaces
			return r.Name == name && (usable || !userNamespaces)
		})
		return has, fmt.Sprintf("want handler %q (user namespaces: %t) among %+v", name, userNamespaces, n.Status.RuntimeHandlers)
	})
	return err
}

// ApplyClass makes the RuntimeClass of a profile.
func (h *Host) ApplyClass(ctx context.Context, p profile.Profile) error {
	return h.Apply(ctx, p.RuntimeClass(profile.ClassOptions{}), client.FieldOwner("e2e"), client.ForceOwnership)
}
