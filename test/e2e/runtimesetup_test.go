package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/host"
	"github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A host that was started without the runtime refuses clusters and makes no pod;
// "runtime install" is all that it takes, and "runtime uninstall" leaves those
// that run alone, and nothing of ours on the node in the end.
func testRuntimeSetup(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	s.withoutRuntime()
	create := func(name string) harness.Result {
		return s.run("create", name, "-n", s.namespace, "--distro", string(s.distro.Name), "--no-connect")
	}
	s.checkRefused(create("first"), "first")
	before := s.nodeMarks()

	s.setup("install", "node/host-0 set up, embedded restarted")
	s.setup("install", "node/host-0 unchanged")
	first := harness.VirtualCluster(s.namespace, "first")
	s.condition(first, v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, "")
	s.wantCode(create("first"), 0)
	first = s.ready(first)
	w := web{cluster: s.inside(first), namespace: "default", name: "survivor", replicas: 1}
	s.deploy(w)
	s.awaitWeb(w)
	running, pod := s.mark(first), s.pod(first)

	s.setup("uninstall", "node/host-0 restored, embedded restarted")
	s.checkRefused(create("second"), "second")
	s.checkSame(first, running, w)
	if after := s.pod(first); after.UID != pod.UID || restarts(after) != restarts(pod) || !ready(after) {
		t.Errorf("the node pod did not simply go on: it is %s with %d restarts, and was %s with %d", after.UID, restarts(after), pod.UID, restarts(pod))
	}
	s.checkMarks(before)
	s.checkReport(true) // it is what is known of the pod that runs

	s.wantCode(s.run("delete", "first", "-n", s.namespace), 0)
	s.setup("uninstall", "node/host-0 unchanged")
	s.checkMarks(before)
	s.checkReport(s.othersRun())
}

// othersRun says whether pods of other tests run under the runtime, too, as they do
// unless this test runs alone.
func (s *scene) othersRun() bool {
	s.Helper()
	var pods corev1.PodList
	s.must(s.host.List(s.ctx, &pods))
	return slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool {
		return p.Namespace != s.namespace && p.Spec.RuntimeClassName != nil && *p.Spec.RuntimeClassName == userns.ClassName &&
			p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
	})
}

// nodeMarks are the names of the labels and annotations of ours that the host's node
// has.
func (s *scene) nodeMarks() []string {
	s.Helper()
	var node corev1.Node
	s.must(s.host.Get(s.ctx, client.ObjectKey{Name: "host-0"}, &node))
	var found []string
	for _, name := range slices.Sorted(maps.Keys(node.Labels)) {
		if strings.Contains(name, v1alpha1.GroupName) {
			found = append(found, "label "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(node.Annotations)) {
		if strings.Contains(name, v1alpha1.GroupName) {
			found = append(found, "annotation "+name)
		}
	}
	return found
}

// checkMarks wants the node to have nothing of ours that it did not have, and no
// word of a probe that passed.
func (s *scene) checkMarks(before []string) {
	s.Helper()
	var node corev1.Node
	s.must(s.host.Get(s.ctx, client.ObjectKey{Name: "host-0"}, &node))
	for _, workers := range []bool{true, false} {
		if name := probe.NodeLabel(v1alpha1.RuntimeUserns, workers); node.Labels[name] != "" {
			s.Errorf("the node is still labelled %s=%s", name, node.Labels[name])
		}
	}
	if diff := cmp.Diff(before, s.nodeMarks()); diff != "" {
		s.Errorf("the node is not as before, -want, +got:\n%s", diff)
	}
}

// checkReport wants there to be a RuntimeReport of the runtime, or none.
func (s *scene) checkReport(want bool) {
	s.Helper()
	var reports v1alpha1.RuntimeReportList
	s.must(s.host.List(s.ctx, &reports))
	has := slices.ContainsFunc(reports.Items, func(r v1alpha1.RuntimeReport) bool { return r.Spec.Profile == string(v1alpha1.RuntimeUserns) })
	if has != want {
		s.Errorf("there is a RuntimeReport of the runtime: %t, want %t", has, want)
	}
}

// withoutRuntime starts the host anew as "host up --no-runtime" does, and as it
// was after the test.
func (s *scene) withoutRuntime() {
	s.Helper()
	with := s.host.Options.Runtime
	s.Cleanup(func() {
		s.host.Options.Runtime = with
		s.restartHost()
	})
	s.host.Options.Runtime = host.Runtime{}
	s.restartHost()
}

func (s *scene) restartHost() {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), stepTimeout+startTimeout)
	defer cancel()
	s.must(s.host.Down(ctx))
	s.must(s.host.Up(ctx))
}

// setup runs "runtime install" or "runtime uninstall", which leaves nothing but
// what it is for.
func (s *scene) setup(verb, want string) {
	s.Helper()
	r := s.run("runtime", verb, "userns")
	s.wantCode(r, 0)
	if !strings.Contains(r.Stdout, want+"\n") {
		s.Errorf("want %q: %s", want, r)
	}
	var namespaces corev1.NamespaceList
	s.must(s.host.List(s.ctx, &namespaces))
	for i := range namespaces.Items {
		if name := namespaces.Items[i].Name; strings.HasPrefix(name, "vclusterctl-runtime-") {
			s.Errorf("namespace %q is left", name)
		}
	}
	var node corev1.Node
	s.must(s.host.Get(s.ctx, client.ObjectKey{Name: "host-0"}, &node))
	has := slices.ContainsFunc(node.Status.RuntimeHandlers, func(h corev1.NodeRuntimeHandler) bool { return h.Name == userns.Handler })
	if has != (verb == "install") {
		s.Errorf("after %s the node has the handler: %t", verb, has)
	}
	// The controller brought the class, and it is not ours to remove.
	s.must(s.host.Get(s.ctx, client.ObjectKey{Name: userns.ClassName}, &nodev1.RuntimeClass{}))
}

func (s *scene) checkRefused(r harness.Result, name string) {
	s.Helper()
	s.wantCode(r, 5)
	for _, want := range []string{`no handler "` + userns.Handler + `"`, "vclusterctl runtime install", "vclusterctl doctor"} {
		if !strings.Contains(r.Stderr, want) {
			s.Errorf("the refusal does not say %q: %s", want, r)
		}
	}
	s.checkNoPods(harness.VirtualCluster(s.namespace, name))
}
