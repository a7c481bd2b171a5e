// Package prepare turns a freshly booted system into a configured node: it
// gathers the facts, guards the identity, writes what templates/node builds and
// lets kubeadm make the leaf certificates.
package prepare
