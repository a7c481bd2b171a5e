// Package probe finds out what a pod could do as a node, in a pod that will never
// be one: it tries each thing that nodes are going to do, and leaves what it found
// where the kubelet picks it up.
//
// Nothing is cleaned up but what would disturb the next thing tried: the pod is
// gone a moment later.
package probe
