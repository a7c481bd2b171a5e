package v1alpha1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusedConfigKeys(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   map[string]string
		want   []string
	}{
		"None": {
			reason: "Flags that the product leaves alone are the user's.",
			args: map[string]string{
				"kube-apiserver.event-ttl": "2h", "kubelet.max-pods": "20", "etcd.quota-backend-bytes": "1",
				"kube-apiserver.oidc-client-id": "x", "kube-scheduler.v": "2", "kube-controller-manager.concurrent-gc-syncs": "5",
			},
		},
		"Exact": {
			reason: "A flag that the product sets is reserved.",
			args: map[string]string{
				"kube-apiserver.advertise-address": "10.0.0.1", "kube-apiserver.disable-admission-plugins": "NodeRestriction", "kube-apiserver.v": "2",
			},
			want: []string{"kube-apiserver.advertise-address", "kube-apiserver.disable-admission-plugins"},
		},
		"Family": {
			reason: "A trailing * reserves a family of flags.",
			args:   map[string]string{"etcd.initial-cluster-state": "existing", "kube-apiserver.etcd-prefix": "/x"},
			want:   []string{"etcd.initial-cluster-state", "kube-apiserver.etcd-prefix"},
		},
		"NoFamily": {
			reason: "Without a * only that very flag is reserved.",
			args:   map[string]string{"kubelet.portable": "x", "kubelet.config-extra": "x"},
		},
		"Unknown": {
			reason: "A key with an unknown component reaches nothing.",
			args:   map[string]string{"flannel.iface": "x", "kubelet.": "x", "kubelet.Max-Pods": "x", "kubelet-arg+": "x"},
			want:   []string{"flannel.iface", "kubelet-arg+", "kubelet.", "kubelet.Max-Pods"},
		},
		"K3s": {
			reason: "Keys of K3s that the product leaves alone are the user's.",
			args: map[string]string{
				"service-node-port-range": "30000-30100", "disable-helm-controller": "true", "secrets-encryption": "true",
				"debug": "true", "v": "2", "embedded-registry": "true", "supervisor-metrics": "true",
			},
		},
		"K3sReserved": {
			reason: "What the product sets is reserved, by its short name as well.",
			args: map[string]string{
				"token": "x", "t": "x", "data-dir": "/x", "d": "/x", "i": "192.0.2.1", "kubelet-arg": "x", "datastore-endpoint": "x",
				"cluster-init": "true", "node-label": "x", "tls-san": "x", "disable": "traefik", "server": "x",
			},
			want: []string{
				"cluster-init", "d", "data-dir", "datastore-endpoint", "disable", "i", "kubelet-arg", "node-label", "server",
				"t", "tls-san", "token",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, RefusedConfigKeys(tc.args)); diff != "" {
				t.Errorf("%s\nRefusedConfigKeys(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestK3sConfigKeys(t *testing.T) {
	got := K3sConfigKeys(map[string]string{"kubelet.max-pods": "20", "debug": "true", "a": "x"})
	if diff := cmp.Diff([]string{"a", "debug"}, got); diff != "" {
		t.Errorf("K3sConfigKeys(...): -want, +got:\n%s", diff)
	}
}
