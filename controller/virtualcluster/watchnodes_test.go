package virtualcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// joined makes a server tell of a node inside.
func joined(name string, ready bool) func(*guestapi.Report) {
	return func(r *guestapi.Report) {
		r.APIServing = true
		r.Nodes = append(r.Nodes, guestapi.NodeState{Name: name, Ready: ready, Message: "cni not there"})
	}
}

// marked makes it tell of one that a pool's pod brought.
func marked(name string, ready bool) func(*guestapi.Report) {
	return func(r *guestapi.Report) {
		joined(name, ready)(r)
		r.Nodes[len(r.Nodes)-1].Group = "work"
	}
}

func schedulable(r *guestapi.Report) { r.Schedulable = true }

// machine is the ID of the node that reports, or of the last one that it tells of.
func machine(id string) func(*guestapi.Report) {
	return func(r *guestapi.Report) {
		if i := len(r.Nodes) - 1; i >= 0 {
			r.Nodes[i].MachineID = id
		} else {
			r.MachineID = id
		}
	}
}

// nodesCase is what was observed of a cluster, and what its nodes are called then.
type nodesCase struct {
	reason string
	scope  *Scope
	status metav1.ConditionStatus
	want   string
	words  string
	nodes  int32
}

func testNodes(t *testing.T, cases map[string]nodesCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := watchNodes(tc.scope); err != nil {
				t.Fatal(err)
			}
			c := tc.scope.want(t, v1alpha1.ConditionNodesReady, tc.status, tc.want)
			if !strings.Contains(c.Message, tc.words) {
				t.Errorf("%s\nthe message does not say %q: %s", tc.reason, tc.words, c.Message)
			}
			if got := tc.scope.vc.Status.Nodes; got != tc.nodes {
				t.Errorf("%s\nstatus.nodes is %d, want %d", tc.reason, got, tc.nodes)
			}
		})
	}
}

// TestWatchNodes: nodes are what the cluster inside says of them.
func TestWatchNodes(t *testing.T) {
	server := aPod(isReadyPod)
	testNodes(t, map[string]nodesCase{
		"NoServer": {"Nobody can be asked.", aScope(aPod()), no, v1alpha1.ReasonPending, "control plane", 0},
		"NoReport": {"What was not said is not known.", aScope(server), unknown, v1alpha1.ReasonNotProven, "10270", 0},
		"NotReady": {"The node's own words are passed on.", aScope(server).says("boot-1", joined("server-0", false)), no, v1alpha1.ReasonBooting, "cni not there", 0},
		"NoPods":   {"A node that is Ready is not enough: a pod must be able to start.", aScope(server).says("boot-1", joined("server-0", true)), no, v1alpha1.ReasonBooting, "no pod can start", 1},
		"AllReady": {"All is well.", aScope(server).says("boot-1", joined("server-0", true), schedulable), yes, v1alpha1.ReasonReady, "1 node is Ready", 1},
		"Silent": {
			"Nobody answers for the nodes.",
			aScope(server).says("boot-1", joined("server-0", true), schedulable, func(r *guestapi.Report) {
				r.APIServing = false
				r.Timeline = []guestapi.Milestone{{Name: guestapi.MilestoneAPI, Time: noon}}
			}), no, v1alpha1.ReasonNotServing, "does not answer", 0,
		},
		"Unheard": {
			"What was said long ago is not what is.",
			aScope(server).says("boot-1", joined("server-0", true), schedulable).unheard("boot-1"), metav1.ConditionUnknown, v1alpha1.ReasonNotProven, "does not report", 0,
		},
		"Degraded": {
			"What is done without is said although all is well.",
			aScope(server).says("boot-1", joined("server-0", true), schedulable, func(r *guestapi.Report) {
				r.Degraded = []guestapi.Problem{{Reason: "NoCgroupControllers", Message: "limits of pods have no effect"}}
			}), yes, v1alpha1.ReasonReady, "limits of pods have no effect", 1,
		},
	})
}

// TestWatchPools: a node that is wanted and not there is missed, and its pod says
// why.
func TestWatchPools(t *testing.T) {
	server := aPod(isReadyPod)
	testNodes(t, map[string]nodesCase{
		"PoolAbsent": {"A wanted node that has not joined counts.", withPool(aScope(server), 1).says("boot-1", joined("server-0", true), schedulable), no, v1alpha1.ReasonProgressing, "dev-big", 1},
		"PoolStuck": {
			"The pod's trouble explains the missing node.",
			withPool(aScope(server, poolPod(waitingFor("ErrImagePull", "x"))), 1).says("boot-1", joined("server-0", true), schedulable), no, v1alpha1.ReasonImagePullFailed, "dev-big-0", 1,
		},
		"PoolReady": {
			"Every node of the pool is there.",
			withPool(aScope(server, poolPod(isReadyPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable), yes, v1alpha1.ReasonReady, "2 nodes", 2,
		},
		"PoolProblem": {
			"What a pool node says counts.",
			withPool(aScope(server, poolPod(isReadyPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable).
				says("boot-2", func(r *guestapi.Report) {
					r.NodeName = "big-0"
					r.Problems = []guestapi.Problem{{Reason: "StateVolumeFull", Message: "no room"}}
				}), no, v1alpha1.ReasonNodeProblem, `node "big-0": StateVolumeFull: no room`, 2,
		},
		"PoolRefused": {
			"A pool node that cannot join says why, as a server does.",
			withPool(aScope(server, poolPod(unready(0))), 1).says("boot-1", joined("server-0", true), schedulable).
				says("boot-2", func(r *guestapi.Report) {
					r.NodeName = "big-0"
					r.Problems = []guestapi.Problem{{Reason: "NotJoined", Message: "Node password rejected"}}
				}), no, v1alpha1.ReasonNodeProblem, `pod "dev-big-0": NotJoined: Node password rejected`, 1,
		},
	})
}

// TestNodesLeftOver: nodes that are not wanted make up for none that is.
func TestNodesLeftOver(t *testing.T) {
	server := aPod(isReadyPod)
	testNodes(t, map[string]nodesCase{
		"LeftOver": {
			"A node of a pool that shrank is none of the wanted ones.",
			withPool(aScope(server, poolPod(isReadyPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), joined("big-1", true), schedulable), yes, v1alpha1.ReasonReady, "2 nodes are Ready; node big-1 is no longer wanted: kubectl delete node big-1 inside", 2,
		},
		"LeftOvers": {
			"Nor are dead ones, and all are named in order.",
			aScope(server).says("boot-1", marked("work-2", false), joined("server-0", true), marked("work-1", false), schedulable), yes, v1alpha1.ReasonReady, "kubectl delete node work-1 work-2 inside", 1,
		},
		"Strange": {
			"A tenant's own nodes are not ours to call unwanted, whatever they are named.",
			aScope(server).says("boot-1", joined("work-1", true), joined("server-0", true), joined("server-01", true), joined("laptop", false), marked("work-2", true), schedulable), yes, v1alpha1.ReasonReady,
			"; node work-2 is no longer wanted: kubectl delete node work-2 inside; nodes laptop server-01 work-1 are none of this cluster's pods, and are left alone", 1,
		},
		"LeftOverIsNoStandIn": {
			"It does not make up for one that is missing.",
			withPool(aScope(server, poolPod(isReadyPod)), 1).says("boot-1", joined("server-0", true), joined("big-1", true), schedulable), no, v1alpha1.ReasonBooting, "big-0", 1,
		},
	})
}

// TestNodesWithoutPods: a node is as ready as its pod is.
func TestNodesWithoutPods(t *testing.T) {
	server := aPod(isReadyPod)
	testNodes(t, map[string]nodesCase{
		"PodGone": {
			"The cluster inside takes a node for Ready long after its pod is gone.",
			withPool(aScope(server), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable), no, v1alpha1.ReasonProgressing, "missing: big-0 (its pod is missing)", 1,
		},
		"PodEnds": {
			"A pod that ends takes no more pods inside.",
			withPool(aScope(server, poolPod(isReadyPod, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: noon} })), 1).
				says("boot-1", joined("server-0", true), joined("big-0", true), schedulable), no, v1alpha1.ReasonProgressing, "missing: big-0 (its pod is terminating)", 1,
		},
		"PodUnready": {
			"Nor does one whose kubelet does not answer.",
			withPool(aScope(server, poolPod(unready(0))), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable), no, v1alpha1.ReasonBooting, "missing: big-0 (its pod is not ready)", 1,
		},
		"ManyGone": {
			"Each is named, up to a point.",
			withPool(aScope(server), 7).says("boot-1", joined("server-0", true), schedulable), no, v1alpha1.ReasonProgressing, "big-4 (its pod is missing) and 2 more", 1,
		},
	})
}

// TestNodesStartedAgain: what is known of a node is of since it started.
func TestNodesStartedAgain(t *testing.T) {
	server := aPod(isReadyPod)
	testNodes(t, map[string]nodesCase{
		"Restarted": {
			"What was reported before the container was restarted is no word on now.",
			withPool(aScope(server, poolPod(isReadyPod, restartedPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable).
				says("boot-2"), no, v1alpha1.ReasonBooting, "big-0 (its container was restarted, and has not reported since)", 1,
		},
		"RestartedServer": {
			"Nor is it of a server, who speaks for all.",
			aScope(aPod(isReadyPod, restartedPod)).says("boot-1", joined("server-0", true), schedulable), no, v1alpha1.ReasonBooting, "has not reported since", 0,
		},
		"RestartedMute": {
			"A node that reports no more is judged by its server, who knows by then.",
			withPool(aScope(server, poolPod(isReadyPod, restartedPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable).
				says("boot-2").unheard("boot-2"), yes, v1alpha1.ReasonReady, "2 nodes", 2,
		},
		"SpokenBefore": {
			"A pod is ready before the kubelet in it has told the cluster anything.",
			withPool(aScope(server, poolPod(isReadyPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable, machine("then")).
				says("boot-2", machine("now")), no, v1alpha1.ReasonBooting, "big-0 (its kubelet has not spoken since the node started)", 1,
		},
		"SpokenSince": {
			"Then it has.",
			withPool(aScope(server, poolPod(isReadyPod)), 1).says("boot-1", joined("server-0", true), joined("big-0", true), schedulable, machine("now")).
				says("boot-2", machine("now")), yes, v1alpha1.ReasonReady, "2 nodes", 2,
		},
	})
}
