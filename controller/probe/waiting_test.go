package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
)

// waiter is a cluster that waits for a runtime.
func waiter(made time.Time, changes ...func(*v1alpha1.VirtualCluster)) v1alpha1.VirtualCluster {
	vc := v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", CreationTimestamp: metav1.NewTime(made), Generation: 1}}
	vc.Spec.Runtime.Profile = v1alpha1.RuntimeUserns
	because(v1alpha1.ReasonProbeFailed)(&vc)
	for _, change := range changes {
		change(&vc)
	}
	return vc
}

func because(reason string) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) {
		status := metav1.ConditionFalse
		if reason == v1alpha1.ReasonReady {
			status = metav1.ConditionTrue
		}
		vc.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionRuntimeReady, Status: status, Reason: reason}}
	}
}

func TestWaitingFor(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1alpha1.VirtualCluster)
		want   []v1alpha1.RuntimeProfile
	}{
		"Named": {reason: "It takes no other.", change: func(*v1alpha1.VirtualCluster) {}, want: []v1alpha1.RuntimeProfile{"userns"}},
		"Auto":  {reason: "Every one would do that is taken without its name.", change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Runtime.Profile = "" }, want: []v1alpha1.RuntimeProfile{"sysbox", "userns"}},
		"Pool": {reason: "A pool may ask for another.", change: func(vc *v1alpha1.VirtualCluster) {
			vc.Spec.Pools = []v1alpha1.Pool{{Name: "work", Runtime: v1alpha1.Runtime{Profile: "kata"}}}
		}, want: []v1alpha1.RuntimeProfile{"kata", "userns"}},
		"Probing":      {reason: "The probe is still to come.", change: because(v1alpha1.ReasonProbing), want: []v1alpha1.RuntimeProfile{"userns"}},
		"Inconclusive": {reason: "Or the next one.", change: because(v1alpha1.ReasonProbeInconclusive), want: []v1alpha1.RuntimeProfile{"userns"}},
		"Down":         {reason: "Or that of a node that is away.", change: because(v1alpha1.ReasonPending), want: []v1alpha1.RuntimeProfile{"userns"}},
		"NoNode":       {reason: "No probe helps where nodes deny it themselves.", change: because(v1alpha1.ReasonNoCapableNode)},
		"Ready":        {reason: "It has what it needs.", change: because(v1alpha1.ReasonReady)},
		"New":          {reason: "Nobody has looked at it.", change: func(vc *v1alpha1.VirtualCluster) { vc.Status.Conditions = nil }},
		"Paused": {reason: "It wants no nodes.", change: func(vc *v1alpha1.VirtualCluster) {
			vc.Spec.Lifecycle.Paused, vc.Status.Resolved = ptr.To(true), &v1alpha1.Resolved{Distro: v1alpha1.DistroK8s}
		}},
		"PausedFromBirth": {
			reason: "It wants to know which there are, to choose its distro.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.Paused = ptr.To(true) }, want: []v1alpha1.RuntimeProfile{"userns"},
		},
		"Leaving": {reason: "Nor does one that goes.", change: func(vc *v1alpha1.VirtualCluster) { vc.DeletionTimestamp = &metav1.Time{Time: noon} }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := waiting{}
			for _, p := range tc.want {
				want[p] = noon
			}
			older := waiter(noon.Add(-time.Hour), tc.change)
			if diff := cmp.Diff(want, waitingFor([]v1alpha1.VirtualCluster{waiter(noon, tc.change), older}, catalog.Profiles())); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// failedOften is a host whose node has failed its probe again and again, the last
// time a moment ago.
func failedOften(t *testing.T, before int) *world {
	t.Helper()
	w := host(node("a"))
	w.act(t)
	for range before {
		w.ends(t, finding.Cgroup)
		w.act(t)
		w.now = w.now.Add(2 * lastPause)
		w.act(t)
	}
	w.ends(t, finding.Cgroup)
	w.act(t)
	return w
}

// TestWaitedBackoff: what mends a node is nowhere to be seen, so it is looked at
// more often while a cluster waits for it, and not while none does.
func TestWaitedBackoff(t *testing.T) {
	w := failedOften(t, 12)
	expectActs(t, w, "Nothing is written while nobody waits.")
	if p, err := w.decide(); err != nil || p.recheck < lastPause {
		t.Fatalf("nobody waits, and it is probed after %s (%v)", p.recheck, err)
	}
	w.waiting = waiting{"userns": noon}
	p, err := w.decide()
	if err != nil || p.recheck < waitedPause || p.recheck > waitedPause+pause(waitedPause) {
		t.Fatalf("a cluster waits, and it is probed after %s (%v)", p.recheck, err)
	}
	expectActs(t, w, "Until then nothing is written either.")
	w.now = w.now.Add(p.recheck)
	expectActs(t, w, "And then it is probed.", "probe a")
	w.ends(t)
	expectActs(t, w, "Somebody has mended it.", "report a.userns Passed", "label a /userns=proven", "label a /userns.control-planes=proven", "remove the pod on a")
	w.now = w.now.Add(1000 * time.Hour)
	expectActs(t, w, "Which is that.")
	w.waiting = waiting{"sysbox": noon}
	w.now = w.now.Add(time.Hour)
	expectActs(t, w, "Nor is it probed for who waits for something else.")
}

// TestAskedAnew: who creates a cluster asks whether a node that failed before has
// been mended, and is answered once.
func TestAskedAnew(t *testing.T) {
	w := failedOften(t, 8)
	w.now = w.now.Add(30 * time.Second)
	w.waiting = waiting{"userns": w.now}
	expectActs(t, w, "That was answered a moment ago.")
	w.now = w.now.Add(2 * time.Minute)
	w.waiting = waiting{"userns": w.now}
	expectActs(t, w, "This was not.", "report a.userns Probing", "probe a")
	expectActs(t, w, "One probe is enough.")
	w.ends(t, finding.Cgroup)
	for _, pod := range w.pods { // on a node whose clock is slow
		pod.Status.ContainerStatuses[0].State.Terminated.FinishedAt = metav1.NewTime(noon)
	}
	expectActs(t, w, "It has not.", "report a.userns Failed", "remove the pod on a")
	expectActs(t, w, "Which is the answer.")
	w.now = w.now.Add(time.Minute)
	expectActs(t, w, "For who asked then.")
}

func TestStartsToWait(t *testing.T) {
	wakes := startsToWait()
	waits, ready := waiter(noon), waiter(noon, because(v1alpha1.ReasonReady))
	probing := waiter(noon, because(v1alpha1.ReasonProbing))
	other := waiter(noon, func(vc *v1alpha1.VirtualCluster) { vc.Generation++ })
	for name, tc := range map[string]struct {
		reason       string
		old, updated *v1alpha1.VirtualCluster
		want         bool
	}{
		"Begins":  {reason: "It waits from now on.", old: &ready, updated: &waits, want: true},
		"Ends":    {reason: "It no longer does.", old: &waits, updated: &ready},
		"Goes on": {reason: "It waits as before.", old: &probing, updated: &waits},
		"Other":   {reason: "It may wait for another runtime.", old: &waits, updated: &other, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wakes.Update(event.UpdateEvent{ObjectOld: tc.old, ObjectNew: tc.updated}); got != tc.want {
				t.Errorf("%s wakes: %t", tc.reason, got)
			}
		})
	}
	if !wakes.Create(event.CreateEvent{Object: &waits}) || wakes.Create(event.CreateEvent{Object: &ready}) || wakes.Create(event.CreateEvent{Object: &corev1.Pod{}}) {
		t.Error("a controller that starts wakes for who waits, and for nobody else")
	}
}

// TestEndOf: when a pod ended is what its node says, as far as that can be.
func TestEndOf(t *testing.T) {
	made, now := noon.Add(-time.Minute), noon
	for name, tc := range map[string]struct {
		reason string
		said   time.Time
		want   time.Time
	}{
		"Said":   {reason: "The kubelet knows.", said: noon.Add(-time.Second), want: noon.Add(-time.Second)},
		"Slow":   {reason: "No pod ends before it is made.", said: noon.Add(-time.Hour), want: made},
		"Ahead":  {reason: "Nor in the future.", said: noon.Add(time.Hour), want: now},
		"Unsaid": {reason: "A pod that its node gave up has no such time.", want: now},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{}
			pod.CreationTimestamp = metav1.NewTime(made)
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(tc.said)},
			}}}
			if got := endOf(pod, now); !got.Equal(tc.want) {
				t.Errorf("%s endOf() = %s, want %s", tc.reason, got, tc.want)
			}
		})
	}
}

// TestClockAhead: a node whose clock is ahead is probed again like any other.
func TestClockAhead(t *testing.T) {
	w := host(node("a"))
	w.act(t)
	w.ends(t, finding.Cgroup)
	for _, pod := range w.pods {
		pod.Status.ContainerStatuses[0].State.Terminated.FinishedAt = metav1.NewTime(w.now.Add(5 * time.Hour))
	}
	expectActs(t, w, "It failed now.", "report a.userns Failed", "remove the pod on a")
	p, err := w.decide()
	if err != nil || p.recheck < firstPause || p.recheck > firstPause+pause(firstPause) {
		t.Fatalf("it is probed again after %s (%v)", p.recheck, err)
	}
	w.now = w.now.Add(p.recheck)
	expectActs(t, w, "And then it is.", "probe a")
}
