package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/host"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// Without a usable RuntimeClass no node pod is made, and it is said why; clusters
// that run go on, those that are deleted go away, and the others start once the
// class is back.
func testRuntimeClass(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	old := s.create("old")
	s.condition(old, v1alpha1.ConditionControlPlaneReady, metav1.ConditionTrue, "")
	var class nodev1.RuntimeClass
	s.must(s.host.Get(s.ctx, client.ObjectKey{Name: userns.ClassName}, &class))
	t.Cleanup(func() { s.replaceClass(&class, func(*nodev1.RuntimeClass) {}) })

	s.must(s.host.Delete(s.ctx, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: class.Name}}))
	waiting := s.create("waiting")
	s.checkRefusal(waiting, v1alpha1.ReasonRuntimeClassMissing, []string{`RuntimeClass "` + class.Name + `"`, "is missing", "vclusterctl install"})
	s.must(s.host.Delete(s.ctx, old))
	s.must(s.host.AwaitNothing(s.within(stepTimeout), old.Namespace, old.Name))
	if r := s.run("create", "refused", "-n", s.namespace, "--distro", string(s.distro.Name)); r.Code != 5 {
		t.Errorf("create without a RuntimeClass is not refused with exit code 5: %s", r)
	}

	s.replaceClass(&class, func(c *nodev1.RuntimeClass) { c.Handler = "missing" })
	s.checkRefusal(waiting, v1alpha1.ReasonNoCapableNode, []string{"host-0", `no handler "missing"`})
	s.report(v1alpha1.StateNotOffered, `no handler "missing"`)
	s.replaceClass(&class, func(c *nodev1.RuntimeClass) { c.Scheduling = selector("userns") })
	s.checkRefusal(waiting, v1alpha1.ReasonNoCapableNode, []string{"host-0", "lacks the labels userns=yes"})
	s.checkNoPods(waiting)

	s.replaceClass(&class, func(*nodev1.RuntimeClass) {})
	s.report(v1alpha1.RuntimeState(v1alpha1.ProbePassed))
	s.condition(waiting, v1alpha1.ConditionControlPlaneReady, metav1.ConditionTrue, "")
}

func selector(label string) *nodev1.Scheduling {
	return &nodev1.Scheduling{NodeSelector: map[string]string{label: "yes"}}
}

// replaceClass puts a changed copy of the class in the place of what is there:
// a handler cannot be changed.
func (s *scene) replaceClass(class *nodev1.RuntimeClass, change func(*nodev1.RuntimeClass)) {
	s.Helper()
	c := &nodev1.RuntimeClass{
		ObjectMeta: metav1.ObjectMeta{Name: class.Name, Labels: class.Labels},
		Handler:    class.Handler, Overhead: class.Overhead, Scheduling: class.Scheduling,
	}
	change(c)
	ctx, cancel := s.afterwards()
	defer cancel()
	s.must(client.IgnoreNotFound(s.host.Delete(ctx, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: class.Name}})))
	s.must(s.host.Create(ctx, c))
}

func (s *scene) checkNoPods(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	left, err := s.host.Inventory(s.ctx, vc.Namespace, vc.Name)
	s.must(err)
	if slices.ContainsFunc(left, func(o client.Object) bool {
		kind := o.GetObjectKind().GroupVersionKind().Kind
		return kind == "Pod" || kind == "StatefulSet"
	}) {
		s.Errorf("there are node pods although no node can take them: %s", harness.Describe(left))
	}
}

// A host that was down has its data again, and the clusters in it are themselves.
// A host that is up is left alone by another up.
func testRestart(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	vc := s.shared()
	w := web{cluster: s.inside(vc), namespace: "default", name: "survivor", replicas: 1}
	s.deploy(w)
	before, pod := s.mark(vc), s.pod(vc)
	marker := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "marker"}}
	s.must(s.host.Create(s.ctx, marker))

	pid := s.host.Status.PID
	s.must(s.host.Up(s.within(startTimeout)))
	if s.host.Status.PID != pid {
		t.Errorf("up on a host that runs started it anew: its init was %d and is %d", pid, s.host.Status.PID)
	}
	s.must(s.host.Down(s.within(stepTimeout)))
	left, err := host.Leftovers(s.host.Options)
	s.must(err)
	if len(left) > 0 {
		t.Errorf("down left behind: %v", left)
	}
	s.must(s.host.Up(s.within(startTimeout)))

	uid := marker.UID
	s.must(s.host.Get(s.ctx, client.ObjectKeyFromObject(marker), marker))
	if marker.UID != uid {
		t.Error("a namespace of the host is another one after it was down")
	}
	s.await(pod, func(p *corev1.Pod) bool { return (p.UID != pod.UID || restarts(p) > restarts(pod)) && ready(p) })
	s.checkSame(vc, before, w)
}
