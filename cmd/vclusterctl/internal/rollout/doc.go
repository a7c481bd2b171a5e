// Package rollout runs this program on nodes of the host: in one privileged pod
// after the other, in a namespace that is made for that and goes with everything
// in it afterwards.
//
// The namespace is not the controller's, which lets no privileged pod in, and
// had better not begin to.
package rollout
