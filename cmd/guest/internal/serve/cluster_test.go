package serve

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestStateOf: a node is told of with what decides over it: whether it is Ready,
// or else why not, and whose it is.
func TestStateOf(t *testing.T) {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "work-1", Labels: map[string]string{guestapi.NodeLabelGroup: "work"}}}
	n.Status.NodeInfo.KubeletVersion = "v1.36.3"
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, Message: "no network"}}
	want := guestapi.NodeState{Name: "work-1", Version: "v1.36.3", Group: "work", Message: "no network"}
	if got := stateOf(n); got != want {
		t.Errorf("stateOf() = %+v, want %+v", got, want)
	}
	n.Labels, n.Status.Conditions[0].Status = nil, corev1.ConditionTrue
	want = guestapi.NodeState{Name: "work-1", Version: "v1.36.3", Ready: true}
	if got := stateOf(n); got != want {
		t.Errorf("stateOf() = %+v, want %+v", got, want)
	}
}
