// Package nodesetup knows how a node of a host is given the handler of a runtime
// profile: which files to write where, in which format, which service to
// restart, and how to take it all out again.
//
// It is pure. Make and Undo are told what a node has and return what to change;
// a program on the node carries that out, and the embedded host writes the same
// files before it boots.
//
// Nothing that somebody else wrote is ever redefined: a handler gets a file of
// its own where the container runtime reads a folder of such files, and a marked
// block at the end of the one file otherwise, after which the file is read again
// as the container runtime would.
package nodesetup
