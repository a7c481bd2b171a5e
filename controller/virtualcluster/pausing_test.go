package virtualcluster

import (
	"net/http"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// TestPausingTellsNodes: a server that is still there does not take the nodes of
// a paused cluster for unwanted ones.
func TestPausingTellsNodes(t *testing.T) {
	s := withPool(aScope(aPod(isReadyPod)), 2)
	pause(&s.vc.Spec)
	if told := s.wantedNodes(); !strings.Contains(told, `"big":2`) || !strings.Contains(told, `"server":1`) {
		t.Errorf("servers are told %s, want both groups with all their nodes", told)
	}
}

// TestPausingWords: until the last pod is gone, the cluster says what it waits
// for.
func TestPausingWords(t *testing.T) {
	ending := func(since string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			at := map[string]metav1.Time{"now": {Time: noon}, "long": {Time: noon.Add(-2 * overdue)}}[since]
			p.DeletionTimestamp = &at
		}
	}
	running := appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: ptr.To[int32](1)}}
	unseen := appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: appsv1.StatefulSetSpec{Replicas: ptr.To[int32](0)}}
	cases := map[string]struct {
		reason string
		pods   []corev1.Pod
		set    appsv1.StatefulSet
		want   string
		words  string
		back   bool
	}{
		"Running":  {"It has just been asked for.", []corev1.Pod{aPod(isReadyPod)}, running, v1alpha1.ReasonPausing, "the nodes end;", false},
		"Ending":   {"Nodes take their time.", []corev1.Pod{aPod(ending("now"))}, running, v1alpha1.ReasonPausing, "the nodes end;", true},
		"Clinging": {"Some take too long.", []corev1.Pod{aPod(ending("long"))}, running, v1alpha1.ReasonPausing, `"dev-server-0" is still there, on node "host-a"`, false},
		"Unseen":   {"Whoever makes pods may not know yet.", nil, unseen, v1alpha1.ReasonPausing, "the nodes end;", false},
		"Paused":   {"All are gone.", nil, appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: ptr.To[int32](0)}}, v1alpha1.ReasonPaused, "resume dev", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope(tc.pods...)
			pause(&s.vc.Spec)
			s.children.statefulSets = map[string]*appsv1.StatefulSet{"dev-server": &tc.set}
			for _, step := range []step{watchControlPlane, watchNodes, tellPause, summarise} {
				if err := step(s); err != nil {
					t.Fatal(err)
				}
			}
			c := s.want(t, v1alpha1.ConditionReady, no, tc.want)
			if !strings.Contains(c.Message, tc.words) {
				t.Errorf("%s\nthe message does not say %q: %s", tc.reason, tc.words, c.Message)
			}
			if back := s.requeue > 0; back != tc.back {
				t.Errorf("%s\ncomes back by itself: %t, want %t", tc.reason, back, tc.back)
			}
			if stalled := s.condition(v1alpha1.ConditionStalled).Status == yes; stalled != (tc.want == v1alpha1.ReasonPaused) {
				t.Errorf("%s\nStalled is %t", tc.reason, stalled)
			}
		})
	}
}

// TestPausedHiccup: an API server that stumbles is no news of a paused cluster.
func TestPausedHiccup(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.immortal("dev")
	w.change("dev", pause)
	w.immortal("dev")
	before := w.vc("dev").ResourceVersion
	for _, kind := range []string{"/secrets/", "/pods"} {
		w.count.fail = func(req *http.Request) error {
			if strings.Contains(req.URL.Path, kind) {
				return envtest.ErrDead
			}
			return nil
		}
		if _, err := w.try("dev"); err == nil {
			t.Errorf("Reconcile() met no error although nobody answers for %s", kind)
		}
	}
	if after := w.vc("dev").ResourceVersion; after != before {
		w.expectPaused()
		t.Error("the status was written")
	}
}
