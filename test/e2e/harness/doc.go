// Package harness is what end-to-end tests stand on: an embedded host of their
// own with the controller in it, virtual clusters on that host, and the means to
// wait for, look into and take apart all of it.
//
// Nothing in it touches the user's kubeconfig or another host of the machine.
package harness
