package node

// etcd has one member that is reached over loopback only, so that a pod that
// comes back with another address finds itself unchanged.
func (p *plan) etcd() File {
	return p.args("etcd", map[string]string{
		"name":                        "server",
		"data-dir":                    p.stateDir("etcd"),
		"listen-client-urls":          "https://127.0.0.1:2379",
		"advertise-client-urls":       "https://127.0.0.1:2379",
		"listen-peer-urls":            "https://127.0.0.1:2380",
		"initial-advertise-peer-urls": "https://127.0.0.1:2380",
		"initial-cluster":             "server=https://127.0.0.1:2380",
		"cert-file":                   PKIDir + "/etcd/server.crt",
		"key-file":                    PKIDir + "/etcd/server.key",
		"client-cert-auth":            "true",
		"trusted-ca-file":             PKIDir + "/etcd/ca.crt",
		"peer-cert-file":              PKIDir + "/etcd/peer.crt",
		"peer-key-file":               PKIDir + "/etcd/peer.key",
		"peer-client-cert-auth":       "true",
		"peer-trusted-ca-file":        PKIDir + "/etcd/ca.crt",
		"log-level":                   "warn",
		// A single member waits one election timeout before it elects itself;
		// the defaults are made for members that are milliseconds apart.
		"heartbeat-interval": "10",
		"election-timeout":   "100",
	})
}
