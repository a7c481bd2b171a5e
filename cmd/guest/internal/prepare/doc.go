// Package prepare turns a freshly booted system into a configured node: it
// gathers the facts, guards the identity, writes what templates/node builds and
// makes the certificates and kubeconfigs of its components.
package prepare
