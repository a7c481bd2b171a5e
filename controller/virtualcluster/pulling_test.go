package virtualcluster

import (
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestSteady: the words about an image stay while the kubelet tries in vain, and
// follow it to another cause.
func TestSteady(t *testing.T) {
	const image = `Back-off pulling image "example.com/node:1"`
	steps := []struct{ reason, waiting, message, want string }{
		{"The cause is told.", "ErrImagePull", "dial tcp 10.0.0.1:443: read from :4711: connection refused", ":4711: connection refused"},
		{"Waiting is no other cause.", "ImagePullBackOff", image, ":4711: connection refused"},
		{"Nor is waiting after it.", "ImagePullBackOff", image + ": ErrImagePull: dial tcp 10.0.0.1:443: read from :4712: connection refused", ":4711: connection refused"},
		{"Nor is the next try.", "ErrImagePull", "dial tcp 10.0.0.1:443: read from :4713: connection refused", ":4711: connection refused"},
		{"A registry that answers is.", "ErrImagePull", "example.com/node:1: not found", "not found"},
		{"It stays.", "ImagePullBackOff", image + ": ErrImagePull: example.com/node:1: not found", "(ErrImagePull: example.com/node:1: not found)"},
		{"Another policy is another cause.", "ErrImageNeverPull", "Container image is not present with pull policy of Never", "policy of Never"},
	}
	s := aScope()
	for _, step := range steps {
		trouble := s.groupTrouble(s.groups()[0], append(s.pods, aPod(waitingFor(step.waiting, step.message))))
		if !strings.Contains(trouble.message, step.want) {
			t.Errorf("%s\nthe message does not say %q: %s", step.reason, step.want, trouble.message)
		}
		s.no(v1alpha1.ConditionControlPlaneReady, trouble.reason, trouble.message)
	}
}

// TestSteadyFromWaiting: a cause that comes after words without one is told.
func TestSteadyFromWaiting(t *testing.T) {
	s := aScope()
	for _, message := range []string{"", "unauthorized"} {
		trouble := s.groupTrouble(s.groups()[0], append(s.pods, aPod(waitingFor("ImagePullBackOff", message))))
		if !strings.Contains(trouble.message, message) {
			t.Errorf("the message does not say %q: %s", message, trouble.message)
		}
		s.no(v1alpha1.ConditionNodesReady, trouble.reason, trouble.message)
	}
}
