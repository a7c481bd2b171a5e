// Package acceptance runs the program as a script does, against a real API
// server that has nodes to offer to nobody. What scripts may rely on is in
// testdata: what is printed, where, and the exit codes.
package acceptance
