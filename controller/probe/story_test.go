package probe

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) {
	envtest.ReadFromEtcd()
	envtest.Main(m)
}

// theatre is a stage on which controllers come and go, and probe pods end by
// themselves.
type theatre struct {
	*stage
	// missing is what a probe does not find, and hold keeps probes from ending.
	missing []string
	hold    bool
	// before are the node's labels when the chapter began.
	before map[string]string
}

// still is a clock that stands: nothing is due just because a machine is slow.
type still time.Time

func (s still) Now() time.Time { return time.Time(s) }

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	th := &theatre{stage: newStage(t, "privileged")}
	th.r.opts.Clock = still(wallClock{}.Now().Truncate(time.Second))
	return th
}

// chapter is a part of the story of a node: what happens to it, and how it ends.
type chapter struct {
	name   string
	happen func(*theatre)
	// state of the report, labels of the node, and probes that are under way.
	state  v1alpha1.RuntimeState
	labels []string
	pods   int
}

// story brings a node from unknown to proven, down and up again, and to one that
// does not qualify any more.
var story = []chapter{
	{
		name: "Offered", happen: func(*theatre) {},
		state: v1alpha1.RuntimeState(v1alpha1.ProbePassed), labels: []string{labelPods, labelServers},
	},
	{
		name: "Reduced", happen: func(th *theatre) { th.missing = []string{finding.VXLAN}; th.boot("second") },
		state: v1alpha1.RuntimeState(v1alpha1.ProbeControlPlaneOnly), labels: []string{labelServers},
	},
	{
		name: "Broken", happen: func(th *theatre) { th.missing = []string{finding.Cgroup}; th.boot("third") },
		state: v1alpha1.RuntimeState(v1alpha1.ProbeFailed),
	},
	{
		name: "Mended", happen: func(th *theatre) { th.missing = nil; th.askFor("another") },
		state: v1alpha1.RuntimeState(v1alpha1.ProbePassed), labels: []string{labelPods, labelServers},
	},
	{
		name: "ProbedAgain", happen: func(th *theatre) { th.hold = true; th.boot("fourth") },
		state: v1alpha1.RuntimeState(v1alpha1.ProbePassed), labels: []string{labelPods, labelServers}, pods: 1,
	},
	{
		name: "Withdrawn", happen: func(th *theatre) {
			th.changeNode(func(n *corev1.Node) { n.Status.RuntimeHandlers = nil })
		},
		state: v1alpha1.StateNotOffered,
	},
}

func (th *theatre) theNode() *corev1.Node {
	th.t.Helper()
	n := &corev1.Node{}
	if err := th.client.Get(th.t.Context(), client.ObjectKey{Name: th.node}, n); err != nil {
		th.t.Fatal(err)
	}
	return n
}

func (th *theatre) changeNode(change func(*corev1.Node)) {
	th.t.Helper()
	n := th.theNode()
	change(n)
	if err := th.client.Status().Update(th.t.Context(), n); err != nil {
		th.t.Fatal(err)
	}
}

func (th *theatre) boot(id string) {
	th.t.Helper()
	th.changeNode(func(n *corev1.Node) { n.Status.NodeInfo.BootID = id })
}

// askFor asks for a probe as the command line does.
func (th *theatre) askFor(what string) {
	th.t.Helper()
	report := th.report()
	asked := report.DeepCopy()
	asked.Annotations = map[string]string{v1alpha1.AnnotationProbe: what}
	if err := th.client.Patch(th.t.Context(), asked, client.MergeFrom(report)); err != nil {
		th.t.Fatal(err)
	}
}

// replace takes the node away and puts another one in its place, as the garbage
// collector sees to it: without the report and the pod of the old one.
func (th *theatre) replace() {
	th.t.Helper()
	now := client.GracePeriodSeconds(0)
	gone := []client.Object{th.theNode(), &v1alpha1.RuntimeReport{ObjectMeta: metav1.ObjectMeta{Name: th.node + "." + string(v1alpha1.RuntimeUserns)}}}
	for _, pod := range th.pods() {
		gone = append(gone, &pod)
	}
	for _, obj := range gone {
		if err := client.IgnoreNotFound(th.client.Delete(th.t.Context(), obj, now)); err != nil {
			th.t.Fatal(err)
		}
	}
	n := profiletest.Node(th.node, userns.Handler)
	status := n.Status
	if err := th.client.Create(th.t.Context(), &n); err != nil {
		th.t.Fatal(err)
	}
	n.Status = status
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	if err := th.client.Status().Update(th.t.Context(), &n); err != nil {
		th.t.Fatal(err)
	}
	th.before = nil
}

// life is one instance of the controller.
type life struct {
	r      *Reconciler
	mortal *envtest.Mortal
}

// start starts an instance of the controller, which remembers nothing. All that
// it does is looked at.
func (th *theatre) start(m *envtest.Mortal, readers ...func(client.Client) client.Client) life {
	th.t.Helper()
	passed := m.Passed
	m.Passed = func(n int) {
		th.look()
		if passed != nil {
			passed(n)
		}
	}
	c := m.Client(th.t, v1alpha1.FieldOwner)
	for _, reader := range readers {
		c = reader(c)
	}
	opts := th.r.opts
	opts.Client, opts.Pods, opts.Writer, opts.Live = c, c, c, c
	return life{r: New(opts), mortal: m}
}

// once reconciles once. What cannot be done is an error, whoever is told of it.
func (th *theatre) once(l life) error {
	var mu sync.Mutex
	var logged []error
	logger := funcr.New(func(_, args string) {
		mu.Lock()
		defer mu.Unlock()
		logged = append(logged, errors.New(args))
	}, funcr.Options{Verbosity: -1})
	_, err := l.r.Reconcile(log.IntoContext(th.t.Context(), logger), reconcile.Request{})
	return errors.Join(append(logged, err)...)
}

// live lets an instance work, and the node with it, until nothing changes any
// more or the instance is dead. It returns the writes.
func (th *theatre) live(l life) int {
	th.t.Helper()
	for range 40 {
		before := l.mortal.Writes()
		err := th.once(l)
		switch {
		case l.mortal.Dead():
			return l.mortal.Writes()
		case err != nil:
			th.t.Fatal(err)
		}
		if played := th.play(); !played && l.mortal.Writes() == before {
			return before
		}
	}
	th.t.Fatal("it does not settle")
	return 0
}

// play ends the probes that are under way, as the kubelet would, and says
// whether there were any.
func (th *theatre) play() bool {
	th.t.Helper()
	played := false
	for _, pod := range th.pods() {
		if th.hold || pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		w := &world{pods: map[string]*corev1.Pod{pod.Name: &pod}, now: th.r.opts.Clock.Now()}
		w.ends(th.t, th.missing...)
		if err := th.client.Status().Update(th.t.Context(), &pod); err != nil {
			th.t.Fatal(err)
		}
		played = true
	}
	return played
}

// look sees to it that a node that is called proven was proven, by itself, and
// that it is on record.
func (th *theatre) look() {
	n, report := &corev1.Node{}, &v1alpha1.RuntimeReport{}
	if err := th.client.Get(th.t.Context(), client.ObjectKey{Name: th.node}, n); err != nil {
		th.t.Error(err)
		return
	}
	if err := th.client.Get(th.t.Context(), client.ObjectKey{Name: th.node + "." + string(v1alpha1.RuntimeUserns)}, report); client.IgnoreNotFound(err) != nil {
		th.t.Error(err)
		return
	}
	for _, key := range []string{labelPods, labelServers} {
		if n.Labels[key] == "" || n.Labels[key] == th.before[key] {
			continue
		}
		var verdict v1alpha1.ProbeVerdict
		if report.Status.Probe != nil && runtimeprobe.IsAbout(report, n) {
			verdict = report.Status.Probe.Verdict
		}
		if verdict != v1alpha1.ProbePassed && (key == labelPods || verdict != v1alpha1.ProbeControlPlaneOnly) {
			th.t.Errorf("the node is labelled %s, and the last verdict on record is %q", key, verdict)
		}
	}
}

// begin lets the events of a chapter happen.
func (th *theatre) begin(c chapter) {
	th.t.Helper()
	th.before = th.theNode().Labels
	c.happen(th)
}

// expectEnd holds the stage to the end of a chapter.
func (th *theatre) expectEnd(c chapter) {
	th.t.Helper()
	if got := th.report().Status; got.State != c.state {
		th.t.Errorf("%s: the report says %s (%s), want %s", c.name, got.State, got.Message, c.state)
	}
	n := th.theNode()
	for _, key := range []string{labelPods, labelServers} {
		if got, want := n.Labels[key] == v1alpha1.NodeLabelProven, slices.Contains(c.labels, key); got != want {
			th.t.Errorf("%s: the node has the label %s: %t, want %t", c.name, key, got, want)
		}
	}
	if got := len(th.pods()); got != c.pods {
		th.t.Errorf("%s: %d probe pods, want %d", c.name, got, c.pods)
	}
	if !runtimeprobe.IsAbout(th.report(), n) {
		th.t.Errorf("%s: the report is not about the node", c.name)
	}
}

// portrait is all that is told of the node, but for what is another in every run.
func (th *theatre) portrait() string {
	th.t.Helper()
	status := th.report().Status
	if status.Probe != nil {
		status.Probe.Time, status.Probe.Input = metav1.Time{}, ""
	}
	data, err := json.MarshalIndent([]any{status, th.theNode().Labels, len(th.pods())}, "", " ")
	if err != nil {
		th.t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), th.node, "NODE")
}
