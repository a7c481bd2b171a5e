// Package datastore keeps the etcd of a server writable. An etcd that has
// reached its quota refuses writes until somebody makes room and says so; in a
// cluster that nobody administers this is the guest.
package datastore
