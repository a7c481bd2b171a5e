// Package cgroups finds and manages the one cgroup that the embedded host
// lives in: a directory of the unified hierarchy, wherever the machine has it,
// and its namesakes that the OCI runtime makes in every v1 hierarchy.
package cgroups
