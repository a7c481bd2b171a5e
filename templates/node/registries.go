package node

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	// certsDir holds a folder per registry that has mirrors.
	certsDir = RunDir + "/certs.d"
	// k3sRegistries is where K3s looks for mirrors.
	k3sRegistries = "/etc/rancher/k3s/registries.yaml"
	// anyRegistry stands for every registry without mirrors of its own.
	anyRegistry = "*"
)

// registryPath is the part of containerd's configuration that says where the
// mirrors are.
func (p upstream) registryPath() string {
	if len(p.Config.RegistryMirrors) == 0 {
		return ""
	}
	return fmt.Sprintf("  [plugins.'io.containerd.cri.v1.images'.registry]\n    config_path = %q\n", certsDir)
}

// registries tells containerd which mirrors to ask for the images of a
// registry. None of the files names the registry itself: containerd then asks
// it last, by its own rules.
func (p upstream) registries() []File {
	files := make([]File, 0, len(p.Config.RegistryMirrors))
	for _, m := range p.Config.RegistryMirrors {
		folder := m.Host
		if folder == anyRegistry {
			folder = "_default"
		}
		files = append(files, File{Path: certsDir + "/" + folder + "/hosts.toml", Mode: 0o600, Content: hostsTOML(m)})
	}
	return files
}

func hostsTOML(m guestapi.RegistryMirror) string {
	var b strings.Builder
	for _, endpoint := range m.Endpoints {
		fmt.Fprintf(&b, "[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", endpoint)
		if pathStandsForAPI(endpoint) {
			b.WriteString("  override_path = true\n")
		}
	}
	return b.String()
}

// pathStandsForAPI says whether the path of a mirror is used as it is, instead
// of having /v2 put to its end. K3s decides the same way, and cannot be told.
func pathStandsForAPI(endpoint string) bool {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	path := strings.TrimSuffix(parsed.Path, "/")
	return path != "" && path != "/v2"
}

// registries tells K3s which mirrors to ask; it makes containerd's files of it.
func (p k3s) registries() []File {
	if len(p.Config.RegistryMirrors) == 0 {
		return nil
	}
	mirrors := map[string]any{}
	for _, m := range p.Config.RegistryMirrors {
		mirrors[m.Host] = map[string]any{"endpoint": m.Endpoints}
	}
	return []File{{Path: k3sRegistries, Mode: 0o600, Content: mustYAML(map[string]any{"mirrors": mirrors})}}
}
