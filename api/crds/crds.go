// Package crds embeds the CustomResourceDefinitions of this product, so that
// the installer, the controller's readiness check and the tests use the same
// bytes.
package crds

import _ "embed"

// VirtualClusters is the CustomResourceDefinition of VirtualCluster, as YAML.
//
//go:embed vclusterctl.dev_virtualclusters.yaml
var VirtualClusters []byte

// RuntimeReports is the CustomResourceDefinition of RuntimeReport, as YAML.
//
//go:embed vclusterctl.dev_runtimereports.yaml
var RuntimeReports []byte

// All are the CustomResourceDefinitions of this product, in the order in which
// they are to be applied.
func All() [][]byte { return [][]byte{VirtualClusters, RuntimeReports} }
