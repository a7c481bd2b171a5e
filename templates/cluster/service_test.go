package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestAPIServicePublishesNotReadyAddresses(t *testing.T) {
	tests := map[string]struct {
		reason   string
		replicas *int32
		want     *bool
	}{
		"Default": {reason: "There is one server: nobody else could answer.", want: ptr.To(true)},
		"One":     {reason: "The same, said.", replicas: ptr.To[int32](1), want: ptr.To(true)},
		"Three":   {reason: "A server that does not serve must not get requests that another could answer.", replicas: ptr.To[int32](3)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := Input{Name: "dev", Namespace: "ns", Spec: v1alpha1.VirtualClusterSpec{Servers: v1alpha1.Servers{Replicas: tc.replicas}}}
			if diff := cmp.Diff(tc.want, APIService(in).Spec.PublishNotReadyAddresses); diff != "" {
				t.Errorf("%s\nAPIService(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
