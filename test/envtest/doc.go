// Package envtest gives tests a real API server: the etcd and kube-apiserver
// that the node image carries, started on this machine with the CRDs of this
// product installed and no controller behind them.
//
// The binaries are looked for in $KUBEBUILDER_ASSETS, then in dist/testbin,
// where "make testbin" and "make image" put them. Where they are missing a test
// is skipped, and fails if $VCLUSTERCTL_REQUIRE_ENVTEST is set, as "make test"
// does.
package envtest
