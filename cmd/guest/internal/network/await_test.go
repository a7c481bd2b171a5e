package network

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func TestHasSubnet(t *testing.T) {
	with := &corev1.Node{Spec: corev1.NodeSpec{PodCIDR: "10.244.0.0/24"}}
	tests := map[string]struct {
		reason string
		event  watch.Event
		want   bool
	}{
		"Assigned": {reason: "The controller manager gave the node its part.", event: watch.Event{Type: watch.Modified, Object: with}, want: true},
		"NotYet":   {reason: "Registered, but not yet given anything.", event: watch.Event{Type: watch.Added, Object: &corev1.Node{}}},
		"Deleted":  {reason: "A node that is being replaced has no subnet.", event: watch.Event{Type: watch.Deleted, Object: with}},
		"Other":    {reason: "An event without a node says nothing.", event: watch.Event{Type: watch.Bookmark}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := hasSubnet(tc.event); err != nil || got != tc.want {
				t.Errorf("%s\nhasSubnet(): %t, %v", tc.reason, got, err)
			}
		})
	}
}
