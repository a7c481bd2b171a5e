// Package network writes the CNI configuration of a node once flannel has given
// it a subnet. flannel's own small plugin only delegates to the bridge plugin
// with these values; writing them directly needs no plugin.
package network
