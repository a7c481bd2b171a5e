// Package truth says whether the status of a VirtualCluster can be true: no
// condition may contradict another, run ahead of the spec, or promise what the
// rest of the status does not hold. Tests ask it about every status that is
// ever written, whatever goes wrong meanwhile.
package truth
