// Package pki makes and checks everything that proves who is who in one
// virtual cluster: its certificate authorities, its service account key, its
// join credentials, and the client certificates of its users.
//
// The package holds no state. It reads no clock and no source of randomness
// that its caller did not pass in, and it talks to nobody. One exception is the
// standard library's: generating an ECDSA key always takes the system's
// randomness, whatever reader it is given.
package pki
