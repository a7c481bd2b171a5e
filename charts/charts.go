// Package charts embeds the static manifests rendered from the Helm chart
// beside it, so that the installer needs neither Helm nor a network.
package charts

import _ "embed"

// Namespace is the one that the manifests are rendered for.
const Namespace = "vclusterctl-system"

// Cluster are the manifests of a controller for the whole cluster.
//
//go:embed rendered/cluster.yaml
var Cluster []byte

// Namespaced are the manifests of a controller for its own namespace.
//
//go:embed rendered/namespaced.yaml
var Namespaced []byte
