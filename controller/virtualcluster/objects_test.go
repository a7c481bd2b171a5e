package virtualcluster

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
)

// everything sets as much of a spec as can be set at once.
func everything(vc *v1alpha1.VirtualCluster) {
	vc.Spec = v1alpha1.VirtualClusterSpec{
		Distro:           v1alpha1.DistroK8s,
		Version:          "v1.36.3",
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
		Servers: v1alpha1.Servers{
			Replicas: ptr.To[int32](1),
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("0.5"), corev1.ResourceMemory: resource.MustParse("1024Mi")},
				Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
			},
			Storage:        v1alpha1.Storage{Size: ptr.To(resource.MustParse("2048Mi")), ClassName: ptr.To("fast")},
			NodeScheduling: v1alpha1.NodeScheduling{NodeSelector: map[string]string{"disk": "ssd"}},
		},
		Pools: []v1alpha1.Pool{{
			Name:     "big",
			Replicas: ptr.To[int32](2),
			Storage:  v1alpha1.Storage{Ephemeral: ptr.To(true)},
			Labels:   map[string]v1alpha1.LabelValue{"example.com/tier": "big"},
			Taints:   []v1alpha1.Taint{{Key: "example.com/only", Value: "big", Effect: corev1.TaintEffectNoSchedule}},
			NodeScheduling: v1alpha1.NodeScheduling{
				Tolerations: []corev1.Toleration{
					{Key: "spot", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](60)},
					{Key: "for", Value: "us"},
				},
				Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
					RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
						TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
					}},
				}},
			},
		}},
		Network: v1alpha1.Network{
			PodCIDR: "10.77.0.0/16", ServiceCIDR: "10.78.0.0/16", ClusterDomain: "inner.example",
			Allow: []v1alpha1.NetworkRule{{CIDR: "10.1.0.8/32", Ports: []v1alpha1.NetworkPort{{Port: 5432}}}, {CIDR: "10.2.0.0/16"}},
		},
		Expose: v1alpha1.Expose{
			Type: v1alpha1.ExposeNodePort, Annotations: map[string]string{"example.com/a": "b"}, ExtraSANs: []string{"api.example.com"},
		},
		Config: map[string]string{"kube-apiserver.event-ttl": "2h"},
	}
}

// owned are all objects that a cluster is made of.
func (w *world) owned(name string) []client.Object {
	w.t.Helper()
	var out []client.Object
	for _, list := range kindsOfChildren() {
		if err := w.client.List(w.t.Context(), list, client.InNamespace(w.ns), client.MatchingLabels{v1alpha1.LabelCluster: name}); err != nil {
			w.t.Fatal(err)
		}
		if err := eachItem(list, func(o client.Object) { out = append(out, o) }); err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

func kindsOfChildren() []client.ObjectList {
	return []client.ObjectList{
		&corev1.ServiceList{}, &corev1.ConfigMapList{}, &corev1.SecretList{},
		&appsv1.StatefulSetList{}, &networkingv1.NetworkPolicyList{},
	}
}

// TestUnchangedCostsNothing: no request that could change something, however
// much the spec says.
func TestUnchangedCostsNothing(t *testing.T) {
	cases := map[string]func(*v1alpha1.VirtualCluster){
		"minimal":    func(*v1alpha1.VirtualCluster) {},
		"everything": everything,
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.r.opts.Policy = Policy{AllowConfig: true, AllowNetwork: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
			w.newCluster("dev", change)
			w.settle("dev")
			for _, group := range []string{"server", "big"} {
				if w.exists("dev-"+group, &appsv1.StatefulSet{}) {
					for _, pod := range w.startPods("dev", group) {
						w.says(pod, serving)
						w.makeReady(pod)
					}
				}
			}
			w.settle("dev")
			rehearsed := w.count.dryRuns
			for range 3 {
				w.reconcile("dev")
			}
			if writes := w.count.take(); len(writes) > 0 || w.count.dryRuns != rehearsed {
				t.Errorf("an unchanged cluster costs %v and %d dry runs", writes, w.count.dryRuns-rehearsed)
			}
		})
	}
}

// TestNewClusterCost: one write per object, and few for the status.
func TestNewClusterCost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	var writes []string
	for range 5 {
		w.reconcile("dev")
		writes = append(writes, w.count.take()...)
	}
	objects, status := 0, 0
	for _, path := range writes {
		if strings.HasSuffix(path, "/status") {
			status++
		} else {
			objects++
		}
	}
	if want := len(w.owned("dev")); objects != want {
		t.Errorf("%d writes for %d objects:\n%s", objects, want, strings.Join(writes, "\n"))
	}
	if status > 4 {
		t.Errorf("%d writes of the status before there is a pod", status)
	}
}

// TestOwned: deleting the VirtualCluster takes everything with it, without us.
func TestOwned(t *testing.T) {
	w := newWorld(t)
	w.r.opts.Policy.AllowNetwork = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	vc := w.newCluster("dev", everything, func(vc *v1alpha1.VirtualCluster) { vc.Spec.Config = nil })
	w.settle("dev")
	objects := w.owned("dev")
	if len(objects) != 11 {
		t.Errorf("the cluster is made of %d objects, want 2 Services, 2 NetworkPolicies, 3 Secrets, and 2 of ConfigMaps and StatefulSets each", len(objects))
	}
	for _, obj := range objects {
		if !metav1.IsControlledBy(obj, vc) {
			t.Errorf("%T %q is not controlled by the VirtualCluster: %v", obj, obj.GetName(), obj.GetOwnerReferences())
		}
		if len(obj.GetFinalizers()) > 0 {
			t.Errorf("%T %q has finalizers %v", obj, obj.GetName(), obj.GetFinalizers())
		}
	}
	if f := w.vc("dev").Finalizers; len(f) > 0 {
		t.Errorf("the VirtualCluster has finalizers %v", f)
	}
}

// TestDriftIsRepaired: what is ours is put back, what is somebody else's stays.
func TestDriftIsRepaired(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	policy := &networkingv1.NetworkPolicy{}
	w.get("dev-nodes", policy)
	policy.Spec.Egress = nil
	policy.Labels["example.com/theirs"] = "kept"
	if err := w.client.Update(t.Context(), policy, client.FieldOwner("somebody")); err != nil {
		t.Fatal(err)
	}
	w.settle("dev")
	w.get("dev-nodes", policy)
	if len(policy.Spec.Egress) == 0 || policy.Labels["example.com/theirs"] != "kept" {
		t.Errorf("after the repair: egress %v, labels %v", policy.Spec.Egress, policy.Labels)
	}
}

// TestPoolsComeAndGo: a pool that is left out is removed with its objects.
func TestPoolsComeAndGo(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) {
		vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}, {Name: "b", Replicas: ptr.To[int32](0)}}
	})
	w.settle("dev")
	vc := w.vc("dev")
	vc.Spec.Pools = []v1alpha1.Pool{{Name: "b", Replicas: ptr.To[int32](2)}}
	if err := w.client.Update(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	w.settle("dev")
	if w.exists("dev-a", &appsv1.StatefulSet{}) || w.exists("dev-a", &corev1.ConfigMap{}) {
		t.Error("pool a is still there")
	}
	set := &appsv1.StatefulSet{}
	if w.get("dev-b", set); *set.Spec.Replicas != 2 {
		t.Errorf("pool b has %d replicas, want 2", *set.Spec.Replicas)
	}
}

// TestRestart: a controller that has just started has heard from no guest, and
// takes nobody's readiness away for that; after a while it does.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	w.serve("dev")
	before := w.vc("dev").Status
	w.count.take()

	w.reports.snapshots = map[types.UID]report.Snapshot{}
	w.r = New(w.opts)
	result := w.reconcile("dev")
	if writes := w.count.take(); len(writes) > 0 {
		t.Errorf("a restart costs %v: -before +after:\n%s", writes, cmp.Diff(before, w.vc("dev").Status))
	}
	if result.RequeueAfter == 0 || result.RequeueAfter > settlingTime {
		t.Errorf("comes back after %v", result.RequeueAfter)
	}

	w.clock.Step(settlingTime)
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, metav1.ConditionUnknown, v1alpha1.ReasonNotProven)
	w.expect("dev", v1alpha1.ConditionIsolated, metav1.ConditionUnknown, v1alpha1.ReasonNotProven)
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotProven)
}
