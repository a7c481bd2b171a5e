package main

import (
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// DefaultProfile is containerd's for the architecture of this build. For any
// other architecture the build takes a copy of containerd's source in place of
// this file.
func DefaultProfile(spec *specs.Spec) *specs.LinuxSeccomp {
	return seccomp.DefaultProfile(spec)
}
