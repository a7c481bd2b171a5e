package virtualcluster

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// play does the next thing that the StatefulSet controller, the kubelet and the
// guest would do for each node of a cluster, and says whether there was one.
func (w *world) play(name string) bool {
	w.t.Helper()
	sets, pods := w.stage(name)
	changed := w.clearStage(sets, pods)
	changed = w.confirm(sets) || changed
	changed = w.balanced(name) || changed
	ready := map[string]bool{}
	for _, set := range sets {
		for i := range *set.Spec.Replicas {
			pod := pods[fmt.Sprintf("%s-%d", set.Name, i)]
			changed = w.advance(set, i, pod) || changed
			node := fmt.Sprintf("%s-%d", set.Labels[v1alpha1.LabelPool], i)
			if pod != nil && podReady(pod) || w.toldReady(pods, name, node) {
				ready[node] = true
			}
		}
	}
	if server := pods[cluster.GroupName(name, cluster.ServerGroup)+"-0"]; server != nil {
		changed = w.countNodes(server, ready) || changed
	}
	return changed
}

func (w *world) stage(name string) ([]appsv1.StatefulSet, map[string]*corev1.Pod) {
	w.t.Helper()
	var sets appsv1.StatefulSetList
	var list corev1.PodList
	for _, l := range []client.ObjectList{&sets, &list} {
		if err := w.client.List(w.t.Context(), l, client.InNamespace(w.ns), client.MatchingLabels{v1alpha1.LabelCluster: name}); err != nil {
			w.t.Fatal(err)
		}
	}
	pods := map[string]*corev1.Pod{}
	for i := range list.Items {
		pods[list.Items[i].Name] = &list.Items[i]
	}
	return sets.Items, pods
}

// clearStage removes the pods that no StatefulSet wants.
func (w *world) clearStage(sets []appsv1.StatefulSet, pods map[string]*corev1.Pod) bool {
	w.t.Helper()
	wanted := map[string]types.UID{}
	for _, set := range sets {
		for i := range *set.Spec.Replicas {
			wanted[fmt.Sprintf("%s-%d", set.Name, i)] = set.UID
		}
	}
	changed := false
	for name, pod := range pods {
		if owner := metav1.GetControllerOf(pod); wanted[name] == owner.UID {
			continue
		}
		if err := w.client.Delete(w.t.Context(), pod, client.GracePeriodSeconds(0)); client.IgnoreNotFound(err) != nil {
			w.t.Fatal(err)
		}
		delete(pods, name)
		delete(w.reports.snapshots, pod.UID)
		changed = true
	}
	return changed
}

// balanced gives a Service the address that a load balancer of the host would.
func (w *world) balanced(name string) bool {
	w.t.Helper()
	api := &corev1.Service{}
	if !w.balance || !w.exists(name+"-api", api) || api.Spec.Type != corev1.ServiceTypeLoadBalancer || len(api.Status.LoadBalancer.Ingress) > 0 {
		return false
	}
	api.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.77"}}
	w.updateStatus(api)
	return true
}

// confirm makes StatefulSets without pods say that they have seen it.
func (w *world) confirm(sets []appsv1.StatefulSet) bool {
	w.t.Helper()
	changed := false
	for _, set := range sets {
		if *set.Spec.Replicas > 0 || set.Status.ObservedGeneration == set.Generation {
			continue
		}
		set.Status.ObservedGeneration = set.Generation
		w.updateStatus(&set)
		changed = true
	}
	return changed
}

// advance takes one node one stage further: made, running, reporting, ready.
func (w *world) advance(set appsv1.StatefulSet, ordinal int32, pod *corev1.Pod) bool {
	w.t.Helper()
	switch {
	case pod == nil:
		w.makePod(&set, ordinal)
	case pod.Status.PodIP == "":
		w.run(pod)
	case w.reports.snapshots[pod.UID].Report.Boot == "":
		w.says(pod, func(r *guestapi.Report) { r.NodeName = fmt.Sprintf("%s-%d", set.Labels[v1alpha1.LabelPool], ordinal) })
	case !podReady(pod):
		snapshot := w.reports.snapshots[pod.UID]
		snapshot.Report.APIServing = true
		w.reports.snapshots[pod.UID] = snapshot
		w.makeReady(pod)
	default:
		return false
	}
	return true
}

// toldReady says whether a server has reported that a node is Ready. It goes on
// saying so when the pod of the node is gone: the cluster inside finds out long
// after these tests are over.
func (w *world) toldReady(pods map[string]*corev1.Pod, name, node string) bool {
	server := pods[cluster.GroupName(name, cluster.ServerGroup)+"-0"]
	return server != nil && slices.ContainsFunc(w.reports.snapshots[server.UID].Report.Nodes, func(n guestapi.NodeState) bool {
		return n.Name == node && n.Ready
	})
}

// countNodes makes a server report the nodes that are there.
func (w *world) countNodes(server *corev1.Pod, ready map[string]bool) bool {
	snapshot, ok := w.reports.snapshots[server.UID]
	if !ok || !snapshot.Report.APIServing {
		return false
	}
	var nodes []guestapi.NodeState
	for _, name := range sortedKeys(ready) {
		nodes = append(nodes, guestapi.NodeState{Name: name, Ready: true})
	}
	if reflect.DeepEqual(nodes, snapshot.Report.Nodes) {
		return false
	}
	snapshot.Report.Nodes, snapshot.Report.Schedulable = nodes, len(nodes) > 0
	w.reports.snapshots[server.UID] = snapshot
	return true
}

// collect does what the garbage collector would: it deletes what belongs to an
// object that is gone. It returns what belongs to nobody and will stay forever.
func (w *world) collect() []string {
	w.t.Helper()
	living := map[types.UID]bool{}
	var clusters v1alpha1.VirtualClusterList
	if err := w.client.List(w.t.Context(), &clusters, client.InNamespace(w.ns)); err != nil {
		w.t.Fatal(err)
	}
	for _, vc := range clusters.Items {
		living[vc.UID] = true
	}
	var orphans []string
	for _, obj := range w.everything() {
		owner := metav1.GetControllerOf(obj)
		switch {
		case owner == nil:
			orphans = append(orphans, kindOfObject(obj)+" "+obj.GetName())
		case owner.Kind == v1alpha1.VirtualClusterKind && !living[owner.UID]:
			if err := w.client.Delete(w.t.Context(), obj, client.GracePeriodSeconds(0)); client.IgnoreNotFound(err) != nil {
				w.t.Fatal(err)
			}
		}
	}
	return orphans
}

// everything are all objects of the namespace of the kinds that clusters are
// made of, whatever their labels.
func (w *world) everything() []client.Object {
	w.t.Helper()
	var out []client.Object
	for _, list := range kindsOfChildren() {
		if err := w.client.List(w.t.Context(), list, client.InNamespace(w.ns)); err != nil {
			w.t.Fatal(err)
		}
		if err := eachItem(list, func(o client.Object) { out = append(out, o) }); err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

// kill ends a pod at once, and what its guest said with it.
func (w *world) kill(name string) {
	w.t.Helper()
	pod := &corev1.Pod{}
	w.get(name, pod)
	if err := w.client.Delete(w.t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		w.t.Fatal(err)
	}
	delete(w.reports.snapshots, pod.UID)
}

// forget makes the guests of a cluster silent.
func (w *world) forget() { w.reports.snapshots = map[types.UID]report.Snapshot{} }

func names(objects []client.Object) string {
	var out []string
	for _, o := range objects {
		out = append(out, kindOfObject(o)+" "+o.GetName())
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// serve starts the server of a cluster, which says that all is well.
func (w *world) serve(name string) *corev1.Pod {
	w.t.Helper()
	pod := w.startPods(name, "server")[0]
	w.makeReady(pod)
	w.says(pod, serving)
	w.settle(name)
	return pod
}
