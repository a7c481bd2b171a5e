// Package gvisor is the profile of gVisor: node pods run on a kernel that is a
// program, the sentry, of which the host sees a few system calls. It is for
// control planes alone. A node that runs pods comes up with work-arounds and has
// no Services, because kube-proxy needs parts of netfilter that gVisor lacks; so
// one is refused.
package gvisor
