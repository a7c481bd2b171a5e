// Package ociwrapper makes runc usable where the kernel's cgroup v2 hierarchy
// lacks controllers. containerd always asks for CPU shares and the like, and
// runc fails on the file that is not there; a kubelet without cgroups per quality of
// service names no cgroup that runc's systemd driver would take. The wrapper
// mends both in the bundle and gives way to runc, or to another runtime with the
// same manners whose name it was linked to.
package ociwrapper
