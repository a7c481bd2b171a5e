// Package finding is what a probe pod says of its node: the contract between
// the guest, which writes it as the termination message of the one container,
// and package probe, which reads it. It says what was found and no more; what is
// needed, and what to do where it is missing, is for the reader to know.
//
// It imports the standard library only, so that the guest stays small.
package finding
