// Package guestapi is the contract between the outside of a node and the guest
// binary inside it: the configuration the outside hands in as files, and the
// report the guest answers with over HTTPS.
//
// It holds types and names only, so that builders, the controller, the
// embedded host and the guest can all import it.
package guestapi
