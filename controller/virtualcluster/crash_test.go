package virtualcluster

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
)

// deaths are the ways in which a controller can die after a write: having seen
// the answer, or not.
var deaths = map[string]bool{"Answered": false, "AnswerLost": true}

func withWorkers(vc *v1alpha1.VirtualCluster) {
	vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}}
}

// immortal is a controller that lives to the end.
func (w *world) immortal(name string) int {
	w.t.Helper()
	return w.live(w.start(&mortal{}), name)
}

// leave frees the address that the cluster's Service takes: the API server of
// the tests has few.
func (w *world) leave() {
	for _, obj := range w.everything() {
		if svc, ok := obj.(*corev1.Service); ok {
			if err := w.client.Delete(context.Background(), svc); client.IgnoreNotFound(err) != nil {
				w.t.Error(err)
			}
		}
	}
	w.witness.testify()
}

// variants are the clusters that take ways of their own to be ready: which deaths
// they are tried with, and the world and the cluster that make them.
var variants = map[string]struct {
	deaths []string
	world  func(*world)
	spec   func(*v1alpha1.VirtualCluster)
}{
	"K8s":    {deaths: []string{"Answered", "AnswerLost"}, world: func(*world) {}, spec: withWorkers},
	"K3s":    {deaths: []string{"AnswerLost"}, world: withK3s, spec: withWorkers},
	"Probed": {deaths: []string{"Answered"}, world: func(w *world) { w.opts.Probed = true }, spec: withWorkers},
}

// withK3s makes a node image that carries k3s alone the one there is.
func withK3s(w *world) {
	w.opts.Catalogue = func(context.Context) (catalogue.Catalogue, error) {
		return catalogue.Single("v1.36.3", "localhost/vclusterctl/node:v1.36.3", v1alpha1.DistroK3s), nil
	}
}

// TestCrashCreating lets the controller die after every single write on the way
// from nothing to a ready cluster. What the next instance makes of it is what
// one that lives would have made.
func TestCrashCreating(t *testing.T) {
	t.Parallel()
	for name, tc := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := func(t *testing.T) *world {
				w := newWorld(t)
				tc.world(w)
				w.newCluster("dev", tc.spec)
				return w
			}
			w := begin(t)
			writes := w.immortal("dev")
			w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
			w.expectSound("dev")
			want := lines(w.portrait("dev"))
			w.leave()
			t.Logf("%d writes", writes)
			for _, death := range tc.deaths {
				for n := 1; n <= writes; n++ {
					t.Run(fmt.Sprintf("%s/%d", death, n), func(t *testing.T) {
						t.Parallel()
						begin(t).crashCreatingAt(n, deaths[death], want)
					})
				}
			}
		})
	}
}

// crashCreatingAt makes a cluster under a controller that dies after its n-th
// write.
func (w *world) crashCreatingAt(n int, lost bool, want []string) {
	w.t.Helper()
	w.live(w.start(&mortal{last: n, loseAnswer: lost}), "dev")
	w.immortal("dev")
	w.expectSound("dev")
	if diff := cmp.Diff(want, lines(w.portrait("dev"))); diff != "" {
		w.t.Errorf("after a crash at write %d: -want +got:\n%s", n, diff)
	}
	if more := w.immortal("dev"); more != 0 {
		w.t.Errorf("another restart costs %d writes", more)
	}
	w.leave()
}

// specChange is a change of a spec, and its undoing.
type specChange struct {
	do, undo func(*v1alpha1.VirtualClusterSpec)
}

var specChanges = map[string]specChange{
	"Pool": {
		func(s *v1alpha1.VirtualClusterSpec) { s.Pools = append(s.Pools, v1alpha1.Pool{Name: "b"}) },
		func(s *v1alpha1.VirtualClusterSpec) { s.Pools = s.Pools[:1] },
	},
	"Scale": {
		func(s *v1alpha1.VirtualClusterSpec) { s.Pools[0].Replicas = ptr.To[int32](3) },
		func(s *v1alpha1.VirtualClusterSpec) { s.Pools[0].Replicas = nil },
	},
	"Pause": {
		func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.Paused = ptr.To(true) },
		func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.Paused = nil },
	},
	"PauseAndScale": {
		func(s *v1alpha1.VirtualClusterSpec) {
			s.Lifecycle.Paused = ptr.To(true)
			s.Pools = append(s.Pools, v1alpha1.Pool{Name: "b"})
		},
		func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.Paused, s.Pools = nil, s.Pools[:1] },
	},
	"TTL": {
		func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.TTLSeconds = v1alpha1.MinTTLSeconds },
		func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.TTLSeconds = 0 },
	},
	"Expose": {
		func(s *v1alpha1.VirtualClusterSpec) { s.Expose.Type = v1alpha1.ExposeNodePort },
		func(s *v1alpha1.VirtualClusterSpec) { s.Expose.Type = "" },
	},
	"Balance": {
		func(s *v1alpha1.VirtualClusterSpec) { s.Expose.Type = v1alpha1.ExposeLoadBalancer },
		func(s *v1alpha1.VirtualClusterSpec) { s.Expose.Type = "" },
	},
	"Nodes": { // all that they read at boot, what they get of the host, and whom they reach
		func(s *v1alpha1.VirtualClusterSpec) {
			s.Network.Allow = []v1alpha1.NetworkRule{{CIDR: "10.1.0.8/32", Ports: []v1alpha1.NetworkPort{{Port: 5000}}}}
			s.Registries.Mirrors = []v1alpha1.RegistryMirror{{Host: "docker.io", Endpoints: []string{"http://10.1.0.8:5000"}}}
			s.Config = map[string]string{"kubelet.max-pods": "200"}
			s.Servers.Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}
			s.Pools[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")}
			s.Pools[0].Labels = map[string]v1alpha1.LabelValue{"example.com/tier": "big"}
			s.Pools[0].Taints = []v1alpha1.Taint{{Key: "example.com/only", Value: "big", Effect: corev1.TaintEffectNoSchedule}}
		},
		func(s *v1alpha1.VirtualClusterSpec) {
			s.Network.Allow, s.Registries.Mirrors, s.Config = nil, nil, nil
			s.Servers.Resources.Requests, s.Pools[0] = nil, v1alpha1.Pool{Name: s.Pools[0].Name}
		},
	},
}

// laxWorld is a world whose administrator allows what the changes need.
func laxWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.opts.Policy = Policy{AllowConfig: true, AllowNetwork: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	return w
}

func (w *world) change(name string, f func(*v1alpha1.VirtualClusterSpec)) {
	w.t.Helper()
	vc := w.vc(name)
	f(&vc.Spec)
	w.balance = vc.Spec.Expose.Type == v1alpha1.ExposeLoadBalancer
	if err := w.client.Update(w.t.Context(), vc); err != nil {
		w.t.Fatal(err)
	}
}

// TestCrashChanging does the same to every change of a running cluster, there
// and back.
func TestCrashChanging(t *testing.T) {
	t.Parallel()
	for name, tc := range specChanges {
		for death, lost := range deaths {
			t.Run(name+"/"+death, func(t *testing.T) {
				t.Parallel()
				w := laxWorld(t)
				w.newCluster("dev", withWorkers)
				w.immortal("dev")
				w.change("dev", tc.do)
				writes := w.immortal("dev")
				changed := lines(w.portrait("dev"))
				w.change("dev", tc.undo)
				back := w.immortal("dev")
				undone := lines(w.portrait("dev"))
				t.Logf("%d writes there, %d back", writes, back)
				for n := 1; n <= max(writes, back); n++ {
					w.crashAt(n, lost, tc.do, changed)
					w.crashAt(n, lost, tc.undo, undone)
				}
				w.leave()
			})
		}
	}
}

// crashAt changes a cluster under a controller that dies after its n-th write.
func (w *world) crashAt(n int, lost bool, change func(*v1alpha1.VirtualClusterSpec), want []string) {
	w.t.Helper()
	w.change("dev", change)
	w.live(w.start(&mortal{last: n, loseAnswer: lost}), "dev")
	w.immortal("dev")
	w.expectSound("dev")
	if diff := cmp.Diff(want, lines(w.portrait("dev"))); diff != "" {
		w.t.Errorf("after a crash at write %d: -want +got:\n%s", n, diff)
	}
}

// afterEachWrite disturbs, in a world of its own for each, a cluster after every
// single write that makes it.
func afterEachWrite(t *testing.T, disturb func(w *world, vc *v1alpha1.VirtualCluster, n int), change ...func(*v1alpha1.VirtualCluster)) {
	t.Helper()
	w := newWorld(t)
	w.newCluster("dev", change...)
	writes := w.immortal("dev")
	w.leave()
	for n := 1; n <= writes; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			disturb(w, w.newCluster("dev", change...), n)
		})
	}
}

// TestCrashDeleting deletes the cluster after every single write that makes it,
// while the controller goes on with what it saw: all that is left belongs to the
// cluster that is gone, and the next one of that name is another.
func TestCrashDeleting(t *testing.T) {
	t.Parallel()
	afterEachWrite(t, func(w *world, vc *v1alpha1.VirtualCluster, n int) {
		w.live(w.start(&mortal{passed: func(done int) {
			if done == n {
				w.delete("dev", &v1alpha1.VirtualCluster{})
			}
		}}), "dev")
		w.newCluster("dev", withWorkers)
		w.live(w.start(&mortal{}), "dev") // finds what the other one left
		w.collectAll()
		w.forget()
		w.immortal("dev")
		w.expectSound("dev")
		w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
		if w.vc("dev").UID == vc.UID {
			w.t.Error("it is the same cluster")
		}
		w.leave()
	}, withWorkers)
}

// collectAll collects what belongs to clusters that are gone, pods included.
func (w *world) collectAll() {
	w.t.Helper()
	if orphans := w.collect(); len(orphans) > 0 {
		w.t.Errorf("nobody owns %v", orphans)
	}
	w.play("dev")
}

// TestCrashNamespaceDeleting deletes the namespace after every single write. The
// controller meets refusals only, and is at peace with them.
func TestCrashNamespaceDeleting(t *testing.T) {
	t.Parallel()
	afterEachWrite(t, func(w *world, _ *v1alpha1.VirtualCluster, n int) {
		first := w.start(&mortal{last: n})
		w.live(first, "dev")
		if err := w.client.Delete(w.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.ns}}); err != nil {
			w.t.Fatal(err)
		}
		l := w.start(&mortal{})
		for range 3 {
			if _, err := l.r.Reconcile(w.t.Context(), w.vc("dev")); err != nil {
				w.t.Errorf("Reconcile() = %v in a namespace that goes", err)
			}
		}
		for _, c := range w.vc("dev").Status.Conditions {
			if c.Reason == v1alpha1.ReasonFailed || c.Reason == v1alpha1.ReasonPodRejected {
				w.t.Errorf("%s is %s: %s", c.Type, c.Reason, c.Message)
			}
		}
		w.delete("dev", &v1alpha1.VirtualCluster{})
		w.collectAll()
		if left := w.everything(); len(left) > 0 {
			w.t.Errorf("the namespace still holds %s", names(left))
		}
		w.witness.testify()
	}, withWorkers)
}
