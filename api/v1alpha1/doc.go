// Package v1alpha1 holds the VirtualCluster API: its types, the validation that
// the API server enforces, and the names of conditions and reasons.
//
// It imports apimachinery and the core API types only, so that anybody can
// import it cheaply. The generated apply configurations below it import
// client-go's.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +kubebuilder:ac:output:package="../applyconfiguration"
// +groupName=vclusterctl.dev
package v1alpha1
