package virtualcluster

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	yes     = metav1.ConditionTrue
	no      = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
)

func TestWatchControlPlane(t *testing.T) {
	problem := func(r *guestapi.Report) {
		r.Problems = []guestapi.Problem{{Reason: "DiskFull", Message: "the state volume is full: enlarge it"}}
	}
	booting := func(r *guestapi.Report) {
		r.Timeline = []guestapi.Milestone{{Name: guestapi.MilestoneInit, Time: noon}, {Name: guestapi.MilestoneDatastore, Time: noon}}
	}
	stopped := func(r *guestapi.Report) {
		r.Timeline = append(r.Timeline, guestapi.Milestone{Name: guestapi.MilestoneAPI, Time: noon})
	}
	cases := map[string]struct {
		reason string
		scope  *Scope
		status metav1.ConditionStatus
		want   string
		words  string
	}{
		"NoPod":     {"The StatefulSet was just made.", aScope(), no, v1alpha1.ReasonProgressing, "dev-server"},
		"Starting":  {"The guest is not up yet.", aScope(aPod()), no, v1alpha1.ReasonBooting, "dev-server-0"},
		"Booting":   {"The guest says how far it is.", aScope(aPod()).says("boot-1", booting), no, v1alpha1.ReasonBooting, guestapi.MilestoneDatastore},
		"Problem":   {"The guest says what is wrong.", aScope(aPod()).says("boot-1", booting, problem), no, v1alpha1.ReasonNodeProblem, "enlarge it"},
		"Trouble":   {"The kubelet's trouble comes before the guest's.", aScope(aPod(waitingFor("ErrImagePull", "x"))).says("boot-1", problem), no, v1alpha1.ReasonImagePullFailed, "x"},
		"Serving":   {"Readiness of the pod means that the API serves.", aScope(aPod(isReadyPod)), yes, v1alpha1.ReasonReady, "1/1 servers"},
		"LastWords": {"A pod that goes away serves no more.", aScope(aPod(isReadyPod, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: noon} })), no, v1alpha1.ReasonProgressing, "drained"},
		"Serves":    {"A pod that the kubelet has yet to find ready has not stopped serving.", aScope(aPod(unready(-time.Minute))).says("boot-1", booting, stopped), no, v1alpha1.ReasonBooting, guestapi.MilestoneAPI},
		"Silent":    {"A node that served and does not is not one that boots.", aScope(aPod(unready(time.Minute))).says("boot-1", booting, stopped), no, v1alpha1.ReasonNotServing, "does not answer any more"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := watchControlPlane(tc.scope); err != nil {
				t.Fatal(err)
			}
			c := tc.scope.want(t, v1alpha1.ConditionControlPlaneReady, tc.status, tc.want)
			if !strings.Contains(c.Message, tc.words) {
				t.Errorf("%s\nthe message does not say %q: %s", tc.reason, tc.words, c.Message)
			}
		})
	}
}

func TestControlPlaneRefused(t *testing.T) {
	s := aScope()
	s.refusals = map[string]string{"server": "violates PodSecurity"}
	if err := watchControlPlane(s); err != nil {
		t.Fatal(err)
	}
	s.want(t, v1alpha1.ConditionControlPlaneReady, no, v1alpha1.ReasonPodRejected)
}

func withPool(s *Scope, replicas int32) *Scope {
	s.vc.Spec.Pools = []v1alpha1.Pool{{Name: "big", Replicas: ptr.To(replicas)}}
	return s
}

func poolPod(change ...func(*corev1.Pod)) corev1.Pod {
	return aPod(append([]func(*corev1.Pod){func(p *corev1.Pod) {
		p.Name, p.UID = "dev-big-0", "boot-2"
		p.Labels = map[string]string{v1alpha1.LabelPool: "big"}
	}}, change...)...)
}

func restartedPod(p *corev1.Pod) {
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "node", RestartCount: 1, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
}

// TestLacking: a missing pod is told although no server has been asked yet, and
// what was known before stays where nothing speaks against it.
func TestLacking(t *testing.T) {
	cases := map[string]struct {
		reason string
		pods   []corev1.Pod
		status metav1.ConditionStatus
		want   string
	}{
		"AsBefore": {"Nobody has been asked yet.", []corev1.Pod{aPod(isReadyPod), poolPod(isReadyPod)}, yes, v1alpha1.ReasonReady},
		"Gone":     {"Nobody needs to be.", []corev1.Pod{aPod(isReadyPod)}, no, v1alpha1.ReasonProgressing},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := withPool(aScope(tc.pods...), 1)
			s.settling = true
			s.yes(v1alpha1.ConditionNodesReady, v1alpha1.ReasonReady, "2 nodes are Ready")
			if err := watchNodes(s); err != nil {
				t.Fatal(err)
			}
			s.want(t, v1alpha1.ConditionNodesReady, tc.status, tc.want)
		})
	}
}

func TestSummarise(t *testing.T) {
	allWell := func(s *Scope) {
		for _, c := range dependents {
			s.yes(c, v1alpha1.ReasonReady, "")
		}
		s.yes(v1alpha1.ConditionIsolated, v1alpha1.ReasonProven, "")
	}
	cases := map[string]struct {
		reason  string
		change  func(*Scope)
		status  metav1.ConditionStatus
		want    string
		stalled bool
	}{
		"AllWell":   {"A pod can start inside.", func(*Scope) {}, yes, v1alpha1.ReasonReady, false},
		"First":     {"The first hindrance on the way counts.", func(s *Scope) { s.no("NodesReady", "Booting", ""); s.no("RuntimeReady", "NoCapableNode", "") }, no, "NoCapableNode", false},
		"Unknown":   {"What is not known is not ready.", func(s *Scope) { s.unknown("NodesReady", "NotProven", "") }, no, "NotProven", false},
		"NoRuntime": {"The nodes run without one being offered.", func(s *Scope) { s.no("RuntimeReady", "RuntimeClassMissing", "") }, yes, v1alpha1.ReasonReady, false},
		"NoSeccomp": {"Safe to miss.", func(s *Scope) { s.no("Isolated", "SeccompOff", "") }, yes, v1alpha1.ReasonReady, false},
		"Violated":  {"Not safe to miss.", func(s *Scope) { s.no("Isolated", "Violated", "") }, no, "Violated", false},
		"Waiting":   {"Somebody else is going to act.", func(s *Scope) { s.stopped = wait("Ready", "X", "y") }, no, "X", false},
		"Stalled":   {"Only the user can act.", func(s *Scope) { s.stopped = stall("Ready", "X", "y") }, no, "X", true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.yes(v1alpha1.ConditionStalled, "Old", "")
			allWell(s)
			tc.change(s)
			if err := summarise(s); err != nil {
				t.Fatal(err)
			}
			s.want(t, v1alpha1.ConditionReady, tc.status, tc.want)
			if got := hasCondition(s.vc.Status.Conditions, v1alpha1.ConditionStalled); got != tc.stalled {
				t.Errorf("%s\nStalled is there: %v, want %v", tc.reason, got, tc.stalled)
			}
		})
	}
}

func TestNarrate(t *testing.T) {
	s := aScope(aPod(confined)).says("boot-1", func(r *guestapi.Report) {
		r.Timeline = []guestapi.Milestone{
			{Name: guestapi.MilestoneInit, Time: noon.Add(1234567 * time.Nanosecond)},
			{Name: guestapi.MilestoneInit, Time: noon.Add(time.Second)},
			{Name: "", Time: noon},
		}
	})
	s.yes(v1alpha1.ConditionReady, v1alpha1.ReasonReady, "")
	for range 2 {
		if err := narrate(s); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Hour) // the moment of being ready does not move
	}
	var got []string
	for _, e := range s.vc.Status.Timeline {
		got = append(got, e.Name+"@"+e.Time.UTC().Format("15:04:05.000000"))
	}
	want := "Pod@11:59:00.000000 Init@12:00:00.001234 Ready@12:00:00.000000"
	if strings.Join(got, " ") != want {
		t.Errorf("the timeline is %s, want %s", got, want)
	}
}

func TestChanges(t *testing.T) {
	old := aScope()
	old.no(v1alpha1.ConditionReady, v1alpha1.ReasonBooting, "boots")
	updated := aScope()
	updated.no(v1alpha1.ConditionReady, v1alpha1.ReasonImagePullFailed, "cannot be pulled")
	updated.no(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonImagePullFailed, "cannot be pulled")
	updated.no(v1alpha1.ConditionNodesReady, v1alpha1.ReasonPending, "waits")
	updated.yes(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonReady, "1 node")
	var got []string
	for _, e := range changes(old.vc, updated.vc) {
		got = append(got, e.Type+" "+e.Reason+" "+e.Note)
	}
	want := "Warning ImagePullFailed cannot be pulled|Normal RuntimeReady 1 node"
	if strings.Join(got, "|") != want {
		t.Errorf("the events are %v, want %s", got, want)
	}
}
