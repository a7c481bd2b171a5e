// Package ociwrapper makes runc usable where the kernel's cgroup v2 hierarchy
// lacks controllers. containerd always asks for CPU shares and the like, and
// runc fails on the file that is not there. The wrapper takes the limits out of
// the bundle and gives way to runc; nothing could have enforced them.
package ociwrapper
