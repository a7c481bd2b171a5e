package node

// peerDomain is below a name that no resolver outside will ever answer for. It
// says nothing of the cluster's name or namespace outside, so that a state
// volume can be cloned and handed over.
const peerDomain = "nodes.vcluster.internal"

// PeerName is the name by which members of the datastore know a server's. It
// is kept in the datastore and can't be derived from anything that changes.
func PeerName(node string) string { return node + "." + peerDomain }

// EtcdURL is where the components of a server reach its datastore.
const EtcdURL = "https://127.0.0.1:2379"

// etcd is a cluster of one member. It is known by a name from the first boot
// on, though nobody looks the name up: a member with this name can be given
// peers later. Until then both its ports are on loopback, so that a pod that
// comes back with another address finds itself unchanged.
func (p *plan) etcd() File {
	peerURL := "https://" + PeerName(p.Name) + ":2380"
	return p.args("etcd", map[string]string{
		"name":                        p.Name,
		"data-dir":                    p.stateDir("etcd"),
		"listen-client-urls":          EtcdURL,
		"advertise-client-urls":       EtcdURL,
		"listen-peer-urls":            "https://127.0.0.1:2380",
		"initial-advertise-peer-urls": peerURL,
		// The same words as above: etcd looks names up only where the two differ.
		"initial-cluster":       p.Name + "=" + peerURL,
		"cert-file":             PKIDir + "/etcd/server.crt",
		"key-file":              PKIDir + "/etcd/server.key",
		"client-cert-auth":      "true",
		"trusted-ca-file":       PKIDir + "/etcd/ca.crt",
		"peer-cert-file":        PKIDir + "/etcd/peer.crt",
		"peer-key-file":         PKIDir + "/etcd/peer.key",
		"peer-client-cert-auth": "true",
		"peer-trusted-ca-file":  PKIDir + "/etcd/ca.crt",
		"log-level":             "warn",
		// A single member waits one election timeout before it elects itself;
		// the defaults are made for members that are milliseconds apart.
		"heartbeat-interval": "10",
		"election-timeout":   "100",
	})
}
