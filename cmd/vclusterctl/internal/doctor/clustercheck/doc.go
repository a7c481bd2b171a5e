// Package clustercheck finds out what is wrong with one virtual cluster, and
// names the cause in one line.
//
// Observer looks once: at the object and its conditions, its pods and events on
// the host, the nodes of the host that they are on, the API inside, certificates
// and volumes. Examine is pure. Its checks are listed in checks.go, the most
// telling first: the first problem is the cause, and what follows from it comes
// after it.
package clustercheck
