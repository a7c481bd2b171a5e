// Package network gives the embedded host its own network namespace, joined to
// the machine by one veth pair, and takes every trace of it away again.
//
// Everything it makes carries a mark of its own: the name of the namespace, the
// alias of the link, a table of its own in nftables. What carries no such mark
// is somebody else's and is never touched.
package network
