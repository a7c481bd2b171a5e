// Package profile says what we want to know of a runtime that can carry a node
// pod: how the pod must look, what the host must be told, which nodes offer it,
// and why each of that is needed.
//
// A runtime is one package that implements Profile. It only knows and asks;
// proving is for a pod on a real node.
package profile
