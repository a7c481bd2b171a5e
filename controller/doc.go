// Package controller is the controller of virtual clusters as one manager: its
// cache, its leader election, its probes and metrics, and the reconcilers.
package controller

//go:generate go tool -modfile=../hack/tools/go.mod controller-gen rbac:roleName=vclusterctl paths=./virtualcluster output:rbac:dir=../charts/vclusterctl/files
