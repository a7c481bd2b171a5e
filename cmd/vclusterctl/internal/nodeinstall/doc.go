// Package nodeinstall carries out on a node what package nodesetup plans: it
// writes files, restarts the container runtime and puts everything back if that
// does not come up again.
//
// The order is what keeps a node from being left without a container runtime.
// Nothing is touched while the runtime does not answer. What is about to change
// is written to a journal first, so that a run that was cut off is put back by
// the next one. The node's own program reads the new configuration before
// anything is restarted, where it can. And whatever goes wrong after that, be it
// that somebody no longer wants to wait, ends with the old files, a restart, and
// an answer of the runtime.
package nodeinstall
