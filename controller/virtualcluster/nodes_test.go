package virtualcluster

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestOutdated: pods made from older settings are named, and nothing more.
func TestOutdated(t *testing.T) {
	s := aScope(aPod(isReadyPod, func(p *corev1.Pod) { p.Labels["controller-revision-hash"] = "old" })).says("boot-1", serving)
	s.children.statefulSets = map[string]*appsv1.StatefulSet{"dev-server": {Status: appsv1.StatefulSetStatus{UpdateRevision: "new"}}}
	if err := watchNodes(s); err != nil {
		t.Fatal(err)
	}
	c := s.want(t, v1alpha1.ConditionNodesReady, yes, v1alpha1.ReasonReady)
	if !strings.Contains(c.Message, "dev-server-0") || !strings.Contains(c.Message, "older settings") {
		t.Errorf("the message is: %s", c.Message)
	}
}
