// Package cli holds what every verb of vclusterctl shares: the streams it
// talks through, the clients it talks with, the errors it ends with and the
// formats it prints in.
package cli
