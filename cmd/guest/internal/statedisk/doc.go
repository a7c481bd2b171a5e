// Package statedisk makes a state volume of a block device. A node that lives in
// a virtual machine gets its volume that way: a folder would come over a file
// system that is shared with the host, which overlayfs cannot write to.
package statedisk
