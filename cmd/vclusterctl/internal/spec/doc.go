// Package spec builds the VirtualCluster that a user asks for out of a file
// and flags. Only what the user said is in it: everything else is the
// cluster's to default and the controller's to choose.
package spec
