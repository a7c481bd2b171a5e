// Package sysbox is the profile of Sysbox: an OCI runtime that makes a container
// a machine. It emulates, with two daemons on the node, the parts of /proc and
// /sys that systemd, containerd and a kubelet want to write, so a node pod asks
// for nothing at all: no capability, no unmasked /proc, and Pod Security's
// baseline level lets it in.
//
// Sysbox takes the program /sbin/init as the sign of a machine, and puts folders
// of its own over some that such machines use; what a node pod must look like
// follows from these two.
package sysbox
