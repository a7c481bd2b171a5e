package virtualcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestControlIsForServers: a pool node, where a tenant may be root, is asked and
// never told, and does not see what orders are given with.
func TestControlIsForServers(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	told := map[string]bool{}
	for _, target := range w.reports.tracked[w.key("dev")] {
		if (target.Told == "") != (target.Control == "") {
			t.Errorf("pod %q is told %q with %q", target.Pod, target.Told, target.Control)
		}
		told[target.Pod] = target.Control != ""
	}
	if diff := cmp.Diff(map[string]bool{"dev-server-0": true, "dev-a-0": false}, told); diff != "" {
		t.Errorf("who is told what is wanted: -want +got:\n%s", diff)
	}
}
