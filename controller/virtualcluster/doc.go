// Package virtualcluster turns VirtualClusters into running clusters.
//
// A reconciliation observes everything once into a Scope, runs an ordered list
// of pure steps that decide what should be and what the conditions say, applies
// only what differs from what is, and writes the status once, if it changed.
// An unchanged cluster costs no mutating request.
package virtualcluster
