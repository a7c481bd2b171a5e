// Package cluster builds the objects that a virtual cluster is made of in its
// host cluster, as server-side apply configurations.
//
// Everything in it is pure: equal input gives equal objects. It holds no
// client, reads no clock and makes no secrets.
package cluster
