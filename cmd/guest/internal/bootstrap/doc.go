// Package bootstrap does what a node needs after its components have started:
// bundled images are imported, and a server sets its cluster up through the
// API, with kubeadm's own phases wherever kubeadm has one.
package bootstrap
