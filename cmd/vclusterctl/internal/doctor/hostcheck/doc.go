// Package hostcheck finds out whether a host can run virtual clusters: under
// which runtime, on which of its nodes, and if not, what to do.
//
// Observer looks once at all there is to see, with the rights of who asks.
// Examine is pure: the checks are listed in checks.go, each is one function from
// what was seen to findings. What a node must offer is asked of the runtime
// profiles, as the controller does, so that both give the same answer.
package hostcheck
