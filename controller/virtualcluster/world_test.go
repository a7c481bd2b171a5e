package virtualcluster

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) {
	envtest.ReadFromEtcd()
	envtest.Main(m)
}

// world is a host cluster with a reconciler and nothing else: what other
// controllers and nodes would do, the test does.
type world struct {
	t       *testing.T
	client  client.Client // as the administrator
	ns      string
	r       *Reconciler
	reports *fakeReports
	clock   *clocktesting.FakeClock
	events  *events.FakeRecorder
	count   *counter // of the reconciler's requests
	witness *witness // of all that controllers say, once they are started one by one
	opts    Options
	stateID string // what servers that report anew name their state
	balance bool   // whether there is a load balancer to wait for
}

// fakeReports is a report source that the test fills.
type fakeReports struct {
	tracked   map[types.NamespacedName][]report.Target
	snapshots map[types.UID]report.Snapshot
}

func (f *fakeReports) Track(key types.NamespacedName, targets []report.Target) {
	f.tracked[key] = targets
}

func (f *fakeReports) Snapshot(_ types.NamespacedName, uid types.UID) (report.Snapshot, bool) {
	s, ok := f.snapshots[uid]
	return s, ok
}

func newWorld(t *testing.T) *world {
	t.Helper()
	admin := envtest.Client(t)
	w := &world{
		t:       t,
		client:  admin,
		ns:      envtest.Namespace(t, admin),
		reports: &fakeReports{tracked: map[types.NamespacedName][]report.Target{}, snapshots: map[types.UID]report.Snapshot{}},
		clock:   clocktesting.NewFakeClock(time.Now()),
		events:  events.NewFakeRecorder(1000),
		count:   &counter{},
		witness: &witness{t: t},
		stateID: "first",
	}
	w.makeServiceAccount()
	w.makeHost()
	w.makeReconciler()
	return w
}

func (w *world) makeReconciler() {
	cfg := envtest.Config(w.t)
	cfg.QPS, cfg.Burst = 1000, 1000
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		w.count.next = next
		return w.count
	})
	options := envtest.Options(w.t)
	options.FieldOwner = v1alpha1.FieldOwner
	c, err := client.New(cfg, options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.opts = Options{
		Client:   c,
		Live:     c,
		Recorder: w.events,
		Reports:  w.reports,
		Catalogue: func(context.Context) (catalogue.Catalogue, error) {
			return catalogue.Single("v1.36.3", "localhost/vclusterctl/node:v1.36.3", v1alpha1.DistroK8s), nil
		},
		Profiles:  []profile.Profile{userns.New()},
		Clock:     w.clock,
		Rand:      rand.Reader,
		Namespace: "vclusterctl-system",
	}
	w.r = New(w.opts)
}

// makeServiceAccount does what the service account controller would.
func (w *world) makeServiceAccount() {
	w.create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "default"}})
}

// makeHost makes the objects of the host that all tests share.
func (w *world) makeHost() {
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
	proven := map[string]string{
		probe.NodeLabel(v1alpha1.RuntimeUserns, true): v1alpha1.NodeLabelProven, probe.NodeLabel(v1alpha1.RuntimeUserns, false): v1alpha1.NodeLabelProven,
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "host-a", Labels: proven}, Spec: corev1.NodeSpec{PodCIDR: "10.214.0.0/24", PodCIDRs: []string{"10.214.0.0/24"}}}
	for _, obj := range []client.Object{class, node} {
		if err := w.client.Create(w.t.Context(), obj); err != nil && !apierrors.IsAlreadyExists(err) {
			w.t.Fatal(err)
		}
	}
	w.get("host-a", node)
	offer(node)
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "192.0.2.10"}}
	if err := w.client.Status().Update(w.t.Context(), node); err != nil && !apierrors.IsConflict(err) {
		w.t.Fatal(err)
	}
}

// offer makes a node offer the runtime.
func offer(node *corev1.Node) {
	node.Status.RuntimeHandlers = []corev1.NodeRuntimeHandler{{
		Name: userns.Handler, Features: &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(true)},
	}}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	node.Status.NodeInfo = corev1.NodeSystemInfo{
		OperatingSystem: "linux", KernelVersion: "6.18.44", KubeletVersion: "v1.36.3", ContainerRuntimeVersion: "containerd://2.4.2",
	}
}

func (w *world) create(obj client.Object) {
	w.t.Helper()
	if err := w.client.Create(w.t.Context(), obj); err != nil {
		w.t.Fatalf("create %T %q: %v", obj, obj.GetName(), err)
	}
}

// get reads an object of the world's namespace.
func (w *world) get(name string, obj client.Object) {
	w.t.Helper()
	if err := w.client.Get(w.t.Context(), w.key(name), obj); err != nil {
		w.t.Fatalf("get %T %q: %v", obj, name, err)
	}
}

func (w *world) key(name string) types.NamespacedName {
	if name == "host-a" {
		return types.NamespacedName{Name: name}
	}
	return types.NamespacedName{Namespace: w.ns, Name: name}
}

func (w *world) exists(name string, obj client.Object) bool {
	w.t.Helper()
	err := w.client.Get(w.t.Context(), w.key(name), obj)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	return err == nil
}

// newCluster creates a VirtualCluster.
func (w *world) newCluster(name string, change ...func(*v1alpha1.VirtualCluster)) *v1alpha1.VirtualCluster {
	w.t.Helper()
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: name}}
	for _, c := range change {
		c(vc)
	}
	w.create(vc)
	return vc
}

// reconcile reconciles once, and must succeed.
func (w *world) reconcile(name string) reconcile.Result {
	w.t.Helper()
	result, err := w.try(name)
	if err != nil {
		w.t.Fatalf("reconcile %q: %v", name, err)
	}
	return result
}

func (w *world) try(name string) (reconcile.Result, error) {
	w.t.Helper()
	return w.r.Reconcile(w.t.Context(), w.vc(name))
}

// settle reconciles until nothing is written any more.
func (w *world) settle(name string) {
	w.t.Helper()
	var writes []string
	for range 6 {
		w.count.take()
		w.reconcile(name)
		if writes = w.count.take(); len(writes) == 0 {
			return
		}
	}
	w.t.Fatalf("cluster %q does not settle, it keeps writing %v", name, writes)
}

func (w *world) vc(name string) *v1alpha1.VirtualCluster {
	w.t.Helper()
	vc := &v1alpha1.VirtualCluster{}
	w.get(name, vc)
	return vc
}

// startPods does what the StatefulSet controller and the kubelet would: it
// makes the pods of a group and gives them an address.
func (w *world) startPods(name, group string) []*corev1.Pod {
	w.t.Helper()
	set := &appsv1.StatefulSet{}
	w.get(cluster.GroupName(name, group), set)
	var out []*corev1.Pod
	for i := range *set.Spec.Replicas {
		pod := w.makePod(set, i)
		w.run(pod)
		out = append(out, pod)
	}
	return out
}

// makePod makes a pod as the StatefulSet controller would, placed on a node.
func (w *world) makePod(set *appsv1.StatefulSet, ordinal int32) *corev1.Pod {
	w.t.Helper()
	pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: *set.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = w.ns, fmt.Sprintf("%s-%d", set.Name, ordinal)
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
	pod.Spec.NodeName = "host-a"
	for _, claim := range set.Spec.VolumeClaimTemplates {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
			Name: claim.Name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
		})
	}
	w.create(pod)
	return pod
}

// run gives a pod an address, as the kubelet would.
func (w *world) run(pod *corev1.Pod) {
	w.t.Helper()
	pod.Status.Phase = corev1.PodRunning
	pod.Status.PodIP = "10.214.0.9"
	pod.Status.PodIPs = []corev1.PodIP{{IP: "10.214.0.9"}}
	w.updateStatus(pod)
}

func (w *world) updateStatus(obj client.Object) {
	w.t.Helper()
	if err := w.client.Status().Update(w.t.Context(), obj); err != nil {
		w.t.Fatalf("update status of %T %q: %v", obj, obj.GetName(), err)
	}
}

func (w *world) makeReady(pod *corev1.Pod) {
	w.t.Helper()
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	w.updateStatus(pod)
}

// says makes the guest of a pod report.
func (w *world) says(pod *corev1.Pod, change ...func(*guestapi.Report)) {
	r := guestapi.Report{
		Boot: string(pod.UID), NodeName: "server-0", Role: guestapi.RoleServer, StateID: w.stateID,
		Facts: guestapi.Facts{
			UIDMap: []string{"0 65536 65536"}, GIDMap: []string{"0 65536 65536"}, SeccompMode: report.SeccompFilter,
		},
		Timeline: []guestapi.Milestone{{Name: guestapi.MilestoneInit, Time: w.clock.Now()}},
	}
	for _, c := range change {
		c(&r)
	}
	w.reports.snapshots[pod.UID] = report.Snapshot{Report: r, Facts: r.Facts, StateID: r.StateID}
}

// serving is what the guest of a server says once all is well.
func serving(r *guestapi.Report) {
	r.APIServing, r.Schedulable = true, true
	r.Nodes = append(r.Nodes, guestapi.NodeState{Name: "server-0", Ready: true})
}

func (w *world) expect(name, condition string, status metav1.ConditionStatus, reason string) metav1.Condition {
	w.t.Helper()
	vc := w.vc(name)
	c := meta.FindStatusCondition(vc.Status.Conditions, condition)
	if c == nil {
		w.t.Fatalf("cluster %q has no condition %s: %v", name, condition, vc.Status.Conditions)
	}
	if c.Status != status || c.Reason != reason {
		w.t.Errorf("%s of %q: got %s/%s (%s), want %s/%s", condition, name, c.Status, c.Reason, c.Message, status, reason)
	}
	return *c
}
