// Package probing tries on nodes what they say of themselves: a probe pod for
// each node and runtime, some at a time, which are gone afterwards whatever
// happens in between.
//
// What a probe pod is and what it finds out is runtime/probe's.
package probing
