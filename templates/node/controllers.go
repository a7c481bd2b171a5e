package node

import "slices"

// Delegated says whether the controllers suffice for Kubernetes to enforce
// resource limits. Without them pods run without limits, and say so.
func Delegated(controllers []string) bool {
	return len(missing(controllers, "cpu", "memory", "pids")) == 0
}

// MissingForK3s lists the controllers that K3s insists on and that are not
// there: it does not start without them.
func MissingForK3s(controllers []string) []string {
	return missing(controllers, "cpu", "cpuset", "memory", "pids")
}

func missing(controllers []string, wanted ...string) []string {
	return slices.DeleteFunc(wanted, func(w string) bool { return slices.Contains(controllers, w) })
}
