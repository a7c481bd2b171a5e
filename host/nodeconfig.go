package host

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/host/internal/network"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	nodeNamePrefix = "host-"
	nodeIndex      = "0"
	// nodeName is the name of the host's one node.
	nodeName      = nodeNamePrefix + nodeIndex
	clusterDomain = "cluster.local"
)

// nodeInput is everything that the configuration of the node depends on.
type nodeInput struct {
	plan    network.Plan
	runtime Runtime
	// dropIns are the runtime's, made for the controllers the node got.
	dropIns  map[string][]byte
	identity map[string][]byte
	join     map[string][]byte
	boot     string
}

// nodeFiles builds the directory that the guest reads, by relative path.
func nodeFiles(in nodeInput) (map[string][]byte, error) {
	config, err := yaml.Marshal(nodeConfig(in.plan, in.runtime.NodeLabels))
	if err != nil {
		return nil, fmt.Errorf("encode the node's configuration: %w", err)
	}
	files := map[string][]byte{
		inConfigDir(guestapi.NodeConfigFile): config,
		inConfigDir(guestapi.PodIndexFile):   []byte(nodeIndex),
		inConfigDir(guestapi.PodUIDFile):     []byte(in.boot),
	}
	for dir, content := range map[string]map[string][]byte{
		guestapi.IdentityDir:         in.identity,
		guestapi.JoinDir:             in.join,
		guestapi.ContainerdDropInDir: in.dropIns,
		guestapi.SeccompDir:          in.runtime.Seccomp,
		guestapi.ManifestDir:         in.runtime.Manifests,
	} {
		for name, data := range content {
			files[path.Join(inConfigDir(dir), name)] = data
		}
	}
	return files, checkNames(files)
}

func nodeConfig(p network.Plan, labels map[string]string) guestapi.NodeConfig {
	return guestapi.NodeConfig{
		APIVersion:     guestapi.ConfigVersion,
		Role:           guestapi.RoleServer,
		Distro:         string(v1alpha1.DistroK8s),
		NodeNamePrefix: nodeNamePrefix,
		PodCIDR:        p.PodCIDR.String(),
		ServiceCIDR:    p.ServiceCIDR.String(),
		ClusterDomain:  clusterDomain,
		ExtraSANs:      []string{p.NodeAddr().String()},
		NodeLabels:     labels,
		NetworkPolicy:  true,
		LocalStorage:   true,
		Bare:           true,
	}
}

// inConfigDir makes a path of the guest relative to its configuration.
func inConfigDir(p string) string {
	return strings.TrimPrefix(p, guestapi.ConfigDir+"/")
}

// checkNames refuses a file that would be written outside the directory.
func checkNames(files map[string][]byte) error {
	for name := range files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("file %q of the node's configuration: its name leads out of the directory", name)
		}
	}
	return nil
}

// configHash identifies what a running node was told, leaving out what is new
// at each boot.
func configHash(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == inConfigDir(guestapi.PodUIDFile) {
			continue
		}
		fmt.Fprintf(h, "%q %d\n", name, len(files[name]))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
