package probe

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	labelPods    = "vclusterctl.node-restriction.kubernetes.io/userns"
	labelServers = "vclusterctl.node-restriction.kubernetes.io/userns.control-planes"
)

func node(name string, changes ...func(*corev1.Node)) corev1.Node {
	n := profiletest.Node(name, userns.Handler, changes...)
	n.UID = types.UID("uid-" + name)
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	return n
}

// host is a host with userns and sysbox, whose nodes offer userns.
func host(nodes ...corev1.Node) *world {
	w := &world{
		now: noon, nodes: nodes, most: 2, namespace: "probes", image: "node:v1",
		profiles: []profile.Profile{sysbox.New(), userns.New()},
		classes:  map[string]*nodev1.RuntimeClass{},
		reports:  map[string]*v1alpha1.RuntimeReport{},
		pods:     map[string]*corev1.Pod{},
		events:   map[types.UID][]corev1.Event{},
	}
	for _, p := range w.profiles {
		k := p.Knowledge()
		w.classes[k.ClassName] = &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: k.ClassName}, Handler: k.Handler}
	}
	return w
}

// act does what was decided, as the API server would, and returns it in words.
func (w *world) act(t *testing.T) []string {
	t.Helper()
	p, err := w.decide()
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for i := range p.actions {
		did = append(did, w.perform(&p.actions[i])...)
	}
	slices.Sort(did)
	return did
}

func (w *world) perform(a *action) []string {
	var did []string
	if a.create != nil {
		did = append(did, "make report "+a.create.Name)
		w.reports[a.create.Name] = a.create
	}
	if a.status != nil {
		did = append(did, fmt.Sprintf("report %s %s", a.report.Name, a.status.State))
		w.reports[a.report.Name].Status = *a.status
	}
	for key, value := range a.labels {
		_, short, _ := strings.Cut(key, "/")
		did = append(did, fmt.Sprintf("label %s /%s=%s", a.node.Name, short, value))
		i := slices.IndexFunc(w.nodes, func(n corev1.Node) bool { return n.Name == a.node.Name })
		labels := maps.Clone(w.nodes[i].Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		if labels[key] = value; value == "" {
			delete(labels, key)
		}
		w.nodes[i].Labels = labels
	}
	if a.start != nil {
		did = append(did, "probe "+a.start.Spec.NodeName)
		a.start.CreationTimestamp = metav1.NewTime(w.now)
		w.pods[a.start.Name] = a.start
	}
	if a.remove != nil {
		did = append(did, "remove the pod on "+a.remove.Spec.NodeName)
		delete(w.pods, a.remove.Name)
	}
	return did
}

// ends makes every probe pod end with what the node found.
func (w *world) ends(t *testing.T, missing ...string) {
	t.Helper()
	var findings []finding.Finding
	for _, name := range []string{
		finding.Systemd, finding.UserNamespace, finding.GroupMap, finding.Mount, finding.Cgroup, finding.Sysctls, finding.Procfs,
		finding.Veth, finding.Bridge, finding.VXLAN, finding.Nftables, finding.Iptables, finding.Ipset,
	} {
		findings = append(findings, finding.Finding{Name: name, OK: !slices.Contains(missing, name), Found: "found"})
	}
	data, err := finding.New(findings).Encode()
	if err != nil {
		t.Fatal(err)
	}
	w.leave(string(data))
}

func (w *world) leave(message string) {
	for _, pod := range w.pods {
		pod.Status.Phase = corev1.PodSucceeded
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: runtimeprobe.ContainerName, State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{Message: message, FinishedAt: metav1.NewTime(w.now)},
		}}}
	}
}

func expectActs(t *testing.T, w *world, reason string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, w.act(t)); diff != "" {
		t.Fatalf("%s -want, +got:\n%s", reason, diff)
	}
}

func TestLifeOfAReport(t *testing.T) {
	w := host(node("a"))
	expectActs(t, w, "What a node offers is probed at once.", "make report a.userns", "report a.userns Probing", "probe a")
	expectActs(t, w, "While the probe runs nothing is written.")
	w.ends(t)
	expectActs(t, w, "What passed is on record, and the pod goes.", "report a.userns Passed",
		"label a /userns=proven", "label a /userns.control-planes=proven", "remove the pod on a")
	expectActs(t, w, "A host that does not change is written nothing.")
	w.now = noon.Add(1000 * time.Hour)
	expectActs(t, w, "However long.")
	if c := w.reports["a.userns"].Status; c.Probe.Failures != 0 || len(c.Probe.Checks) == 0 || c.Handler.Name != userns.Handler || c.Probe.Image != "node:v1" {
		t.Errorf("the report lacks what it is about: %+v", c)
	}

	w.nodes[0].Status.NodeInfo.BootID = "second"
	expectActs(t, w, "A node that booted anew is probed anew, and is good until that has failed.", "report a.userns Passed", "probe a")
	w.ends(t, finding.Cgroup)
	expectActs(t, w, "A node that lost what it had is reported.", "report a.userns Failed",
		"label a /userns=", "label a /userns.control-planes=", "remove the pod on a")

	w.nodes[0].Status.RuntimeHandlers = nil
	expectActs(t, w, "A node without the handler is not probed.", "report a.userns NotOffered")
	if m := w.reports["a.userns"].Status.Message; !strings.Contains(m, `no handler "vclusterctl-userns"`) {
		t.Errorf("the remedy is missing: %s", m)
	}
	expectActs(t, w, "And that is all.")
}

func TestOnDemand(t *testing.T) {
	w := host(node("a"))
	w.act(t)
	w.ends(t)
	w.act(t)
	w.reports["a.userns"].Annotations = map[string]string{v1alpha1.AnnotationProbe: "please"}
	expectActs(t, w, "Somebody asks.", "probe a")
	w.now = w.now.Add(time.Minute)
	w.ends(t)
	expectActs(t, w, "They are answered.", "report a.userns Passed", "remove the pod on a")
	expectActs(t, w, "Once.")
}

// TestNoRecord: a label that nothing stands behind is no proof.
func TestNoRecord(t *testing.T) {
	w := host(node("a", func(n *corev1.Node) { n.Labels = map[string]string{labelPods: "proven"} }))
	expectActs(t, w, "It goes.", "make report a.userns", "report a.userns Probing", "label a /userns=", "probe a")
}

func TestInputs(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*world)
		again  bool
	}{
		"Image":      {reason: "Another node image may need more.", change: func(w *world) { w.image = "node:v2" }, again: true},
		"Kernel":     {reason: "Another kernel.", change: func(w *world) { w.nodes[0].Status.NodeInfo.KernelVersion = "7.1.0" }, again: true},
		"Containerd": {reason: "Another containerd.", change: func(w *world) { w.nodes[0].Status.NodeInfo.ContainerRuntimeVersion = "containerd://2.9.0" }, again: true},
		"Handler": {reason: "Another handler.", change: func(w *world) {
			w.nodes[0].Status.RuntimeHandlers = profiletest.Node("x", "mine").Status.RuntimeHandlers
			w.classes[userns.ClassName].Handler = "mine"
		}, again: true},
		"Seccomp":   {reason: "Pods get the profile there from now on.", change: func(w *world) { w.nodes[0].Labels = maps.Clone(seccompLabels()) }, again: true},
		"Label":     {reason: "Some label.", change: func(w *world) { w.nodes[0].Labels["some"] = "label" }},
		"Heartbeat": {reason: "A sign of life.", change: func(w *world) { w.nodes[0].Status.Conditions[0].LastHeartbeatTime = metav1.NewTime(noon) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := host(node("a"))
			w.act(t)
			w.ends(t)
			w.act(t)
			tc.change(w)
			if got := slices.Contains(w.act(t), "probe a"); got != tc.again {
				t.Errorf("%s probed again: %t", tc.reason, got)
			}
		})
	}
}

func seccompLabels() map[string]string {
	k := userns.New().Knowledge().Seccomp
	return map[string]string{k.NodeLabel: k.NodeLabelValue}
}

func TestVerdicts(t *testing.T) {
	cases := map[string]struct {
		reason string
		end    func(*testing.T, *world)
		want   []string
	}{
		"Pods":   {reason: "Servers without pods may still be there.", end: func(t *testing.T, w *world) { t.Helper(); w.ends(t, finding.VXLAN) }, want: []string{"label a /userns.control-planes=proven", "remove the pod on a", "report a.userns ControlPlaneOnly"}},
		"Words":  {reason: "The runtime says why.", end: func(_ *testing.T, w *world) { w.leave("no such runtime") }, want: []string{"remove the pod on a", "report a.userns Failed"}},
		"Unsure": {reason: "Nothing is known, and nothing is allowed.", end: func(_ *testing.T, w *world) { w.leave(`{"version":"other"}`) }, want: []string{"remove the pod on a", "report a.userns Inconclusive"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := host(node("a"))
			w.act(t)
			tc.end(t, w)
			expectActs(t, w, tc.reason, tc.want...)
		})
	}
}

// TestInconclusiveKeeps: a registry that is away takes no node from those that
// run there.
func TestInconclusiveKeeps(t *testing.T) {
	w := host(node("a"))
	w.act(t)
	w.ends(t)
	w.act(t)
	w.nodes[0].Status.NodeInfo.BootID = "second"
	w.act(t)
	w.leave(`{"version":"other"}`)
	expectActs(t, w, "The label stays.", "report a.userns Inconclusive", "remove the pod on a")
}

func TestBackoff(t *testing.T) {
	w := host(node("a"))
	w.act(t)
	var waits []time.Duration
	for range 12 {
		w.leave("broken")
		w.act(t)
		p, err := w.decide()
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, p.recheck)
		w.now = w.now.Add(p.recheck - time.Second)
		expectActs(t, w, "Not before its time.")
		w.now = w.now.Add(time.Second)
		expectActs(t, w, "But then.", "probe a")
	}
	for i, d := range waits {
		pure := min(firstPause<<i, lastPause)
		if d < pure || d > pure+pause(pure) {
			t.Errorf("wait %d is %s, and should be %s and up to a quarter more", i, d, pure)
		}
	}
	if n := w.reports["a.userns"].Status.Probe.Failures; n != 12 {
		t.Errorf("%d failures are on record", n)
	}
}

func pause(d time.Duration) time.Duration { return d/4 + time.Second }

func TestNeverCrowds(t *testing.T) {
	var nodes []corev1.Node
	for i := range 5 {
		nodes = append(nodes, node(fmt.Sprintf("n%d", i)))
	}
	notReady := node("down")
	notReady.Status.Conditions[0].Status = corev1.ConditionFalse
	w := host(append(nodes, notReady)...)
	for range 3 {
		w.act(t)
		if len(w.pods) > w.most {
			t.Fatalf("%d probes at once", len(w.pods))
		}
		w.ends(t)
		w.act(t)
	}
	for range 3 {
		w.ends(t)
		w.act(t)
	}
	for i := range 5 {
		if got := w.reports[fmt.Sprintf("n%d.userns", i)].Status.State; got != v1alpha1.RuntimeState(v1alpha1.ProbePassed) {
			t.Errorf("node %d is %s", i, got)
		}
	}
	if got := w.reports["down.userns"].Status.State; got != v1alpha1.StateProbing {
		t.Errorf("a node that is not there is %s", got)
	}
}

func TestLeftovers(t *testing.T) {
	w := host(node("a"))
	w.pods["orphan"] = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "orphan"}, Spec: corev1.PodSpec{NodeName: "gone"}}
	w.act(t)
	if w.pods["orphan"] != nil {
		t.Error("a probe pod of a node that is gone is left")
	}
	w.image = "node:v2"
	expectActs(t, w, "A probe of what is no longer asked is of no use.", "remove the pod on a")
	expectActs(t, w, "Another takes its place.", "probe a")
	now := metav1.NewTime(noon)
	for _, pod := range w.pods {
		pod.DeletionTimestamp = &now
	}
	expectActs(t, w, "A pod that goes is left alone, and nothing takes its place.")
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 253)
	if got := reportName(long, "userns"); len(got) > 253 || got == reportName(long+"b", "userns") {
		t.Errorf("name %q", got)
	}
	if podName("a.userns") == podName("a.sysbox") || len(podName(long)) > 63 {
		t.Error("names of pods collide, or are too long")
	}
}
