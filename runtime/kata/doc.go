// Package kata is the profile of Kata Containers: each node pod is a virtual
// machine with a kernel of its own. What root may do in there counts in the
// guest, so the pod gets every capability and no user namespace; the guest's
// disk is the host's file system over virtio-fs, which cannot carry a node's
// state.
//
// Nobody has booted our node image under it yet. The profile says what is known
// from Kata's sources, refuses what cannot work, and is never chosen by itself.
package kata
