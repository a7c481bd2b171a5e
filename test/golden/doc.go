// Package golden compares what tests make with files that a human has looked at.
// Where a change is meant, go test PACKAGE -update writes them anew.
package golden
