// Package phase turns what a VirtualCluster says of itself into the steps of
// its creation, for people to follow. It is pure.
package phase
