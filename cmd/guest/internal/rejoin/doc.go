// Package rejoin brings a node back that its cluster has lost: a kubelet
// registers when it starts, and never again.
package rejoin
