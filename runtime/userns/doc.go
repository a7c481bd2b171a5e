// Package userns is the profile of a stock runc or crun under a kubelet that
// gives each node pod its own user namespace: nothing is installed on the host
// but one containerd handler and one seccomp profile.
//
// Root in the pod is nobody on the host. What systemd, containerd and a kubelet
// need on top of any other pod is listed as requirements, each with its reason,
// and the builders of this package give no more than the list says.
package userns
