// Package node builds the files that turn the node image into a node of one
// cluster: the arguments and configuration of every component. It is pure: the
// guest finds the facts out and writes what this package returns.
//
// Which components a node runs is decided by which argument files exist: every
// unit of the node image carries a ConditionPathExists on its own.
package node
