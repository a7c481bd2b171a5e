package phase

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestWatched(t *testing.T) {
	booting := cluster(resolved, condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady, ""), milestoneAt("Init"))
	moved := func(vc *v1alpha1.VirtualCluster) { vc.Generation, vc.Spec.Lifecycle.TTLSeconds = 3, 120 }
	next := func(changes ...func(*v1alpha1.VirtualCluster)) *v1alpha1.VirtualCluster {
		vc := booting.DeepCopy()
		for _, change := range changes {
			change(vc)
		}
		return vc
	}
	cases := map[string]struct {
		reason string
		seen   []*v1alpha1.VirtualCluster
		then   *v1alpha1.VirtualCluster
		back   bool
	}{
		"EndMoved": {reason: "It boots as it did before.", seen: []*v1alpha1.VirtualCluster{booting}, then: next(moved)},
		"Twice": {
			reason: "However often.", seen: []*v1alpha1.VirtualCluster{booting, next(moved)},
			then: next(moved, func(vc *v1alpha1.VirtualCluster) { vc.Generation, vc.Spec.Lifecycle.TTLSeconds = 4, 180 }),
		},
		"Other": {
			reason: "The status says nothing of another spec.", seen: []*v1alpha1.VirtualCluster{booting}, back: true,
			then: next(moved, func(vc *v1alpha1.VirtualCluster) { vc.Spec.Version = "v1.36.4" }),
		},
		"Paused": {
			reason: "Nor of other parts of its life.", seen: []*v1alpha1.VirtualCluster{booting}, back: true,
			then: next(moved, func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.Paused = ptr.To(true) }),
		},
		"Another": {
			reason: "Nor of a cluster that has got its name.", seen: []*v1alpha1.VirtualCluster{booting}, back: true,
			then: next(moved, func(vc *v1alpha1.VirtualCluster) { vc.UID = "other" }),
		},
		"Unseen": {reason: "What was moved before we looked is not known.", then: next(moved), back: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var w Watched
			for _, vc := range tc.seen {
				w.Of(vc)
			}
			want := Of(booting)
			if tc.back {
				want = Of(tc.then)
			}
			if diff := cmp.Diff(want, w.Of(tc.then)); diff != "" {
				t.Errorf("%s\nOf(): -want, +got:\n%s", tc.reason, diff)
			}
			if back := w.Of(tc.then)[0].State != Passed; back != tc.back {
				t.Errorf("%s\ngone back: %t, want %t", tc.reason, back, tc.back)
			}
		})
	}
}
