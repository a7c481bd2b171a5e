package access

import (
	"hash/fnv"
	"iter"
	"net/url"
	"strconv"
)

// The ports for tunnels that a kubeconfig leads to: below those that systems
// hand out by themselves and below those of NodePorts, so that a port that was
// free stays so.
const (
	firstPort = 20000
	ports     = 10000
)

// Ports are the ports for the tunnel of a cluster, in the order in which to try
// them. They depend on nothing but what the cluster is called, so that a
// kubeconfig that names the first stays right.
func Ports(owner string) iter.Seq[int] {
	h := fnv.New32a()
	_, _ = h.Write([]byte(owner)) // never fails
	begin := int(h.Sum32() % ports)
	return func(yield func(int) bool) {
		for i := range ports {
			if !yield(firstPort + (begin+i)%ports) {
				return
			}
		}
	}
}

// LocalServer is the address at which a tunnel on a port is reached.
func LocalServer(port int) string { return "https://127.0.0.1:" + strconv.Itoa(port) }

// LocalPort is the port of an address that LocalServer gave, 0 for any other.
func LocalPort(server string) int {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() != "127.0.0.1" {
		return 0
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || LocalServer(port) != server {
		return 0
	}
	return port
}
