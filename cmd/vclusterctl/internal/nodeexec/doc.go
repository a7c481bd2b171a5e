// Package nodeexec runs programs in the nodes of a virtual cluster: in the
// container of a node pod, through the API server of the host.
package nodeexec
