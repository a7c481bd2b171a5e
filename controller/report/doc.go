// Package report keeps the newest word of every node's guest at hand.
//
// A Store holds one connection per node pod and asks the guest by long poll,
// so that news arrive without polling. What a guest says is the node's own
// word, and a tenant may be root in the node: reports are authenticated,
// limited in size and rate, stripped of control characters, and the facts of a
// boot are taken from its first report; later ones can only weaken them.
package report
