// Package row turns a VirtualCluster into what a line of the list says of it.
// It is pure.
package row
