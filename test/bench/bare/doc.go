// Package bare runs a server of the node image without anything of this product
// around it: the image's own units, in the order their files ask for, started
// directly as root on this machine. There is no systemd, no pod and no user
// namespace; mount, network, pid and cgroup namespaces only keep it apart from
// the machine. Benchmarks compare a virtual cluster with it.
package bare
