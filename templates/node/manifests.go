package node

import (
	_ "embed"
	"strings"
)

// nodesRBAC lets the components of a node act with its kubelet's identity.
//
//go:embed manifests/nodes.yaml
var nodesRBAC string

// k3sNodesRBAC lets the pod network of a node of K3s start at once.
//
//go:embed manifests/k3s-nodes.yaml
var k3sNodesRBAC string

//go:embed manifests/local-storage.yaml
var localStorageTemplate string

// localStorage is the default StorageClass: folders of the node's own state
// volume.
func (p *plan) localStorage() File {
	content := strings.NewReplacer(
		"{{provisionerImage}}", p.Images.LocalPath,
		"{{helperImage}}", p.Images.Helper,
		"{{path}}", p.stateDir("local-path"),
	).Replace(localStorageTemplate)
	return File{Path: ManifestDir + "/20-local-storage.yaml", Mode: 0o600, Content: content}
}
