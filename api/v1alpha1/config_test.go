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
			args:   map[string]string{"kube-apiserver.advertise-address": "10.0.0.1", "kube-apiserver.v": "2"},
			want:   []string{"kube-apiserver.advertise-address"},
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
			reason: "A key without a known component reaches nothing.",
			args:   map[string]string{"flannel.iface": "x", "event-ttl": "1h", "kubelet.": "x", "kubelet.Max-Pods": "x"},
			want:   []string{"event-ttl", "flannel.iface", "kubelet.", "kubelet.Max-Pods"},
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
