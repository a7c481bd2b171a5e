package clustercheck

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

func testParams() Params {
	words := func(program string) func(...string) string {
		return func(w ...string) string { return program + " " + strings.Join(w, " ") }
	}
	return Params{
		Program: words("vclusterctl"), Kubectl: words("kubectl"),
		Own: func(verb string, more ...string) string {
			return strings.Join(append([]string{"vclusterctl", verb, "dev", "-n", "team"}, more...), " ")
		},
	}
}

// healthy is a cluster of a server and a worker with nothing to complain about.
func healthy(changes ...func(*Observation)) *Observation {
	o := &Observation{Now: now, Cluster: &v1alpha1.VirtualCluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev", Generation: 2, CreationTimestamp: before(48 * time.Hour)},
	}}
	o.Cluster.Status.ObservedGeneration = 2
	o.Cluster.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: "dev-kubeconfig"}
	for _, c := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionRuntimeReady, v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady,
		v1alpha1.ConditionKubeconfigReady, v1alpha1.ConditionIsolated, v1alpha1.ConditionStateKept, v1alpha1.ConditionUpToDate,
	} {
		o.Cluster.Status.Conditions = append(o.Cluster.Status.Conditions, metav1.Condition{
			Type: c, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, Message: "all is well", LastTransitionTime: before(24 * time.Hour),
		})
	}
	o.Controllers.Value = []appsv1.Deployment{{ObjectMeta: metav1.ObjectMeta{Namespace: "vclusterctl-system", Name: "vclusterctl"}, Status: appsv1.DeploymentStatus{AvailableReplicas: 1}}}
	o.Pods.Value = []corev1.Pod{nodePod("dev-server-0"), nodePod("dev-work-0")}
	o.HostNodes = map[string]doctor.Seen[*corev1.Node]{"host-1": {Value: readyNode("host-1")}}
	o.Access.Value = Access{Client: now.Add(300 * 24 * time.Hour), Authority: now.Add(3600 * 24 * time.Hour)}
	o.Inner = &doctor.Seen[Inner]{Value: Inner{
		Server: "https://10.0.0.1:6443", Nodes: []corev1.Node{*readyNode("server-0"), *readyNode("work-0")}, System: []corev1.Pod{nodePod("coredns")},
	}}
	o.Usage.Value = map[string]Usage{"dev-server-0": {Used: 1 << 30, Capacity: 10 << 30, Memory: 700 << 20}}
	for _, c := range changes {
		c(o)
	}
	return o
}

func nodePod(name string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name},
		Spec:       corev1.PodSpec{NodeName: "host-1", Containers: []corev1.Container{{Name: "node"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "node", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
		},
	}
}

func readyNode(name string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
	}}
}

// condition changes one of the cluster's, as it was a while ago.
func condition(kind string, status metav1.ConditionStatus, reason, message string, ago time.Duration) func(*Observation) {
	return func(o *Observation) {
		for i := range o.Cluster.Status.Conditions {
			if c := &o.Cluster.Status.Conditions[i]; c.Type == kind {
				c.Status, c.Reason, c.Message, c.LastTransitionTime = status, reason, message, before(ago)
			}
		}
	}
}

func notReady(reason, message string) func(*Observation) {
	return condition(v1alpha1.ConditionReady, metav1.ConditionFalse, reason, message, time.Hour)
}

func all(changes ...func(*Observation)) func(*Observation) {
	return func(o *Observation) {
		for _, c := range changes {
			c(o)
		}
	}
}

func paused(o *Observation) {
	yes := true
	o.Cluster.Spec.Lifecycle.Paused = &yes
	o.Pods.Value, o.Inner, o.HostNodes = nil, nil, nil
	notReady(v1alpha1.ReasonPaused, "no pod runs")(o)
}

// pod changes the first.
func pod(change func(*corev1.Pod)) func(*Observation) {
	return func(o *Observation) { change(&o.Pods.Value[0]) }
}

func down(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }

func waiting(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		down(p)
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
}

func unschedulable(p *corev1.Pod) {
	p.Spec.NodeName = ""
	p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "0/3 nodes are available: 3 Insufficient memory.",
	}}}
}

func warning(object, reason, message string, ago time.Duration) func(*Observation) {
	return func(o *Observation) {
		o.Events.Value = append(o.Events.Value, corev1.Event{
			Type: corev1.EventTypeWarning, Reason: reason, Message: message, LastTimestamp: before(ago),
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: object},
		})
	}
}

func mayNot(verb, resource string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", fmt.Errorf("User %q cannot %s resource %q in API group \"\" in the namespace \"team\"", "ann", verb, resource))
}

// TestVerdict: the cause is named in one line, and what to do about it.
func TestVerdict(t *testing.T) {
	sandbox := func(p *corev1.Pod) {
		down(p)
		p.Status.ContainerStatuses = nil
		p.Status.Phase = corev1.PodPending
	}
	cases := map[string]struct {
		reason  string
		change  func(*Observation)
		outcome doctor.Outcome
		// verdict and remedy are parts of them.
		verdict, remedy string
	}{
		"Healthy": {reason: "Nothing to complain about.", outcome: doctor.OK, verdict: "Virtual cluster dev is healthy."},
		"Paused":  {reason: "That is what was asked for.", change: paused, outcome: doctor.OK, verdict: "is paused: nothing runs", remedy: "vclusterctl resume dev -n team"},
		"Deleted": {reason: "There is nothing to heal.", change: func(o *Observation) { at := before(time.Minute); o.Cluster.DeletionTimestamp = &at }, outcome: doctor.Problem, verdict: "it is being deleted, since 60s ago"},
		"Coming":  {reason: "It needs no doctor yet.", change: condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonBooting, "the node boots", 10*time.Second), outcome: doctor.Problem, verdict: "is still coming up: Booting: the node boots", remedy: "vclusterctl get dev -n team -w"},
		"Again": {reason: "It was up before.", change: all(condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonBooting, "the node boots", 10*time.Second), func(o *Observation) {
			o.Cluster.Status.State = &v1alpha1.StateStatus{ID: "x"}
		}), outcome: doctor.Problem, verdict: "is not Ready at the moment: Booting", remedy: "vclusterctl get dev -n team -w"},
		"Starting": {reason: "CoreDNS takes a while.", change: all(condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "", time.Minute), func(o *Observation) { down(&o.Inner.Value.System[0]) }), outcome: doctor.OK, verdict: "is healthy."},
		"New": {reason: "Nobody has looked at it yet.", change: func(o *Observation) {
			o.Cluster.CreationTimestamp, o.Cluster.Status, o.Pods.Value = before(time.Second), v1alpha1.VirtualClusterStatus{}, nil
		}, outcome: doctor.Problem, verdict: "is still coming up: the controller has said nothing yet"},
		"Unheard":   {reason: "Nobody has for a while.", change: func(o *Observation) { o.Cluster.Status.Conditions = nil }, outcome: doctor.Problem, verdict: "is not well: the controller has said nothing yet"},
		"Hanging":   {reason: "After a while it does.", change: notReady(v1alpha1.ReasonBooting, "the node boots"), outcome: doctor.Problem, verdict: "is not well: Booting: the node boots", remedy: "vclusterctl logs dev -n team"},
		"NoImage":   {reason: "The controller's word names cause and remedy.", change: all(notReady(v1alpha1.ReasonImagePullFailed, `image "x" cannot be pulled`), pod(waiting("ImagePullBackOff", "no such host"))), outcome: doctor.Problem, verdict: `is not well: ImagePullFailed: image "x" cannot be pulled`},
		"Runtime":   {reason: "It is the host that is sick.", change: notReady(v1alpha1.ReasonNoCapableNode, "no node offers it"), outcome: doctor.Problem, verdict: "NoCapableNode", remedy: "vclusterctl doctor -n team"},
		"Orphaned":  {reason: "Without a controller no condition is true.", change: func(o *Observation) { o.Controllers.Value = nil }, outcome: doctor.Problem, verdict: "no controller looks after it", remedy: "vclusterctl install"},
		"Broken":    {reason: "Nor with one that does not run.", change: func(o *Observation) { o.Controllers.Value[0].Status.AvailableReplicas, o.Trouble = 0, "no image" }, outcome: doctor.Problem, verdict: "the controller does not run: no image"},
		"Elsewhere": {reason: "A controller may look after other namespaces.", change: func(o *Observation) { o.Cluster.Status.ObservedGeneration = 1 }, outcome: doctor.Problem, verdict: "has not taken up what is asked for"},
		"Hidden":    {reason: "Who may not see the controller sees its work.", change: func(o *Observation) { o.Controllers.Value, o.Controllers.Err = nil, mayNot("list", "deployments") }, outcome: doctor.OK, verdict: "is healthy"},

		"HostNode": {reason: "Its pods are as well as the machine under them.", change: func(o *Observation) {
			o.HostNodes["host-1"].Value.Status.Conditions[0] = corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Message: "Kubelet stopped posting"}
		}, outcome: doctor.Problem, verdict: "node host-1 of the host, which carries nodes of the cluster: not Ready: Kubelet stopped posting", remedy: "kubectl describe node host-1"},
		"NoPods":  {reason: "Somebody deleted more than a pod.", change: func(o *Observation) { o.Pods.Value = nil }, outcome: doctor.Problem, verdict: "it has no node pods", remedy: "kubectl describe statefulset dev-server -n team"},
		"Pending": {reason: "The scheduler says why.", change: pod(unschedulable), outcome: doctor.Problem, verdict: "pod dev-server-0 is not ready: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.", remedy: "kubectl describe pod dev-server-0 -n team"},
		"Sandbox": {reason: "Only events tell.", change: all(pod(sandbox), warning("dev-server-0", "FailedCreatePodSandBox", "no runtime for it", time.Minute), warning("dev-work-0", "Other", "else", 0)), outcome: doctor.Problem, verdict: "pod dev-server-0 is not ready: Pending: FailedCreatePodSandBox: no runtime for it"},
		"Serving": {reason: "The pod runs, and its node does not serve.", change: pod(down), outcome: doctor.Problem, verdict: "pod dev-server-0 is not ready: Running", remedy: "vclusterctl logs dev -n team"},
		"API":     {reason: "Nothing else tells of an API that hangs.", change: func(o *Observation) { o.Inner.Err = errors.New("connection refused") }, outcome: doctor.Problem, verdict: "the API inside does not answer: connection refused", remedy: "--unit kube-apiserver"},
		"Between": {reason: "The controller reaches it.", change: func(o *Observation) {
			o.Inner.Err = &access.UnreachableError{Server: "https://x", Through: errors.New("timeout")}
		}, outcome: doctor.Problem, verdict: "answers the controller, but not from here", remedy: "firewall"},
		"NoWay":   {reason: "Who may not go there does not know.", change: func(o *Observation) { o.Inner.Err = mayNot("create", "pods/portforward") }, outcome: doctor.OK, verdict: "is healthy"},
		"Inner":   {reason: "A node inside is away.", change: func(o *Observation) { o.Inner.Value.Nodes[1].Status.Conditions[0].Status = corev1.ConditionFalse }, outcome: doctor.Problem, verdict: "node work-0 inside: not Ready", remedy: "vclusterctl logs dev/work-0 -n team --unit kubelet"},
		"NoInner": {reason: "A server is a node, too.", change: func(o *Observation) { o.Inner.Value.Nodes = nil }, outcome: doctor.Problem, verdict: "no node has registered inside"},
		"Ended":   {reason: "Nobody gets in any more.", change: func(o *Observation) { o.Access.Value.Client = now.Add(-time.Hour) }, outcome: doctor.Problem, verdict: "the administrator's certificate has ended, 60m ago"},
		"Gone": {reason: "The Secret was deleted.", change: func(o *Observation) {
			o.Access.Err = apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, "dev-kubeconfig")
		}, outcome: doctor.Problem, verdict: "the kubeconfig Secret is gone"},
		"Full":     {reason: "Nothing can be written.", change: func(o *Observation) { o.Usage.Value["dev-server-0"] = Usage{Used: 98, Capacity: 100} }, outcome: doctor.Problem, verdict: "the state volume of pod dev-server-0 is full"},
		"Violated": {reason: "It is not as isolated as it should be.", change: condition(v1alpha1.ConditionIsolated, metav1.ConditionFalse, v1alpha1.ReasonViolated, "it is privileged", time.Hour), outcome: doctor.Problem, verdict: "it is privileged"},

		"NoSeccomp": {reason: "It works.", change: condition(v1alpha1.ConditionIsolated, metav1.ConditionFalse, v1alpha1.ReasonSeccompOff, "no seccomp", time.Hour), outcome: doctor.OK, verdict: "is healthy, with a warning: no seccomp"},
		"Outdated":  {reason: "It works.", change: condition(v1alpha1.ConditionUpToDate, metav1.ConditionFalse, v1alpha1.ReasonOutdated, "a newer image", time.Hour), outcome: doctor.OK, verdict: "with a warning: a newer image"},
		"StateLost": {reason: "It works, without what was in it.", change: condition(v1alpha1.ConditionStateKept, metav1.ConditionFalse, v1alpha1.ReasonStateLost, "it began anew", time.Hour), outcome: doctor.OK, verdict: "with a warning: it began anew", remedy: "backup"},
		"NoRuntime": {reason: "It runs, until a pod has to be made again.", change: condition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonNoCapableNode, "no node", time.Hour), outcome: doctor.OK, verdict: "with a warning: what runs keeps running", remedy: "vclusterctl doctor -n team"},
		"Expiring": {reason: "Somebody may want to keep it.", change: func(o *Observation) {
			at := metav1.NewTime(now.Add(20 * time.Minute))
			o.Cluster.Status.ExpiresAt = &at
		}, outcome: doctor.OK, verdict: "it is deleted in 20m", remedy: "ttlSeconds"},
		"Later":      {reason: "It has days to live.", change: func(o *Observation) { at := metav1.NewTime(now.Add(90 * time.Hour)); o.Cluster.Status.ExpiresAt = &at }, outcome: doctor.OK, verdict: "is healthy."},
		"Restarted":  {reason: "Why it was is the question.", change: pod(killed), outcome: doctor.OK, verdict: "pod dev-server-0 was restarted 3 times; last it ended with code 137 (OOMKilled), 60m ago", remedy: "resources.limits.memory"},
		"Memory":     {reason: "It is about to be killed.", change: all(pod(limited), func(o *Observation) { o.Usage.Value["dev-server-0"] = Usage{Memory: 1000 << 20} }), outcome: doctor.OK, verdict: "uses 1000 MiB of the 1.0 GiB that it may"},
		"NearlyFull": {reason: "There is time left.", change: func(o *Observation) { o.Usage.Value["dev-server-0"] = Usage{Used: 90, Capacity: 100} }, outcome: doctor.OK, verdict: "is nearly full"},
		"System":     {reason: "Names are not found without CoreDNS.", change: func(o *Observation) { down(&o.Inner.Value.System[0]) }, outcome: doctor.OK, verdict: "pods of kube-system inside are not ready: coredns (Running)", remedy: "vclusterctl attach dev -n team -- kubectl get pods -n kube-system"},
		"Expires":    {reason: "The controller should have made it anew.", change: func(o *Observation) { o.Access.Value.Client = now.Add(24 * time.Hour * 30) }, outcome: doctor.OK, verdict: "the administrator's certificate ends in 30d"},
		"Authority":  {reason: "Nothing makes it anew.", change: func(o *Observation) { o.Access.Value.Authority = now.Add(24 * time.Hour * 100) }, outcome: doctor.OK, verdict: "the certificate authority ends in 100d"},
		"Told":       {reason: "Somebody complained.", change: warning("dev-server-0", "BackOff", "again", time.Minute), outcome: doctor.OK, verdict: "60s ago, pod/dev-server-0: BackOff: again"},
		"ToldBefore": {reason: "What was told while it came up is over.", change: all(condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "", time.Minute), warning("dev-server-0", "Unhealthy", "not yet", 2*time.Minute)), outcome: doctor.OK, verdict: "is healthy."},
		"Several":    {reason: "The first is named.", change: all(pod(killed), warning("x", "y", "z", 0)), outcome: doctor.OK, verdict: "is healthy, with 2 warnings; the first: pod dev-server-0 was restarted"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := healthy()
			if tc.change != nil {
				tc.change(o)
			}
			r := Examine(o, testParams())
			if r.Outcome != tc.outcome || !strings.Contains(r.Verdict, tc.verdict) || !strings.Contains(r.Remedy, tc.remedy) {
				t.Errorf("%s\ngot  %s %q\n     %q\nwant %s %q\n     %q", tc.reason, r.Outcome, r.Verdict, r.Remedy, tc.outcome, tc.verdict, tc.remedy)
			}
		})
	}
}

func killed(p *corev1.Pod) {
	p.Status.ContainerStatuses[0].RestartCount = 3
	p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", FinishedAt: before(time.Hour)}
}

func limited(p *corev1.Pod) {
	p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}
}

// TestInsideOfContext: the flag that says which host stands before the dashes.
// After them it would be kubectl's, which talks to the cluster inside.
func TestInsideOfContext(t *testing.T) {
	p := testParams()
	own := p.Own
	p.Own = func(verb string, more ...string) string { return own(verb, more...) + " --context lab" }
	want := "vclusterctl attach dev -n team --context lab -- kubectl get pods -n kube-system"
	if r := Examine(healthy(func(o *Observation) { down(&o.Inner.Value.System[0]) }), p); r.Remedy != want {
		t.Errorf("got  %s\nwant %s", r.Remedy, want)
	}
}

// TestUnseen: what nobody may see is said, and is no fault of the cluster's.
func TestUnseen(t *testing.T) {
	o := healthy(func(o *Observation) {
		o.Controllers.Err, o.Pods.Err, o.Events.Err, o.Access.Err, o.Usage.Err = mayNot("list", "deployments"), mayNot("list", "pods"), mayNot("list", "events"), mayNot("get", "secrets"), mayNot("get", "nodes/proxy")
		o.Usage.Value = nil
		o.HostNodes = map[string]doctor.Seen[*corev1.Node]{"host-1": {Err: mayNot("get", "nodes")}}
		o.Inner.Err = mayNot("create", "pods/portforward")
	})
	r := Examine(o, testParams())
	if r.Outcome != doctor.OK || doctor.Count(r.Findings, doctor.Problem)+doctor.Count(r.Findings, doctor.Warning) > 0 {
		t.Errorf("got %s %q: %+v", r.Outcome, r.Verdict, r.Findings)
	}
	if n := doctor.Count(r.Findings, doctor.Unknown); n != 7 {
		t.Errorf("want 7 things that are unknown, got %d: %+v", n, r.Findings)
	}
}

func TestPrinted(t *testing.T) {
	o := healthy(notReady(v1alpha1.ReasonNodeProblem, `unit etcd of pod "dev-server-0" fails: no space left on device`), pod(down),
		warning("dev-server-0", "Unhealthy", "Readiness probe failed", time.Minute), func(o *Observation) {
			o.LastWords = LastWords{Node: "server-0", Lines: []string{"11:59:58 etcd: no space left on device"}}
			o.Usage.Value["dev-server-0"] = Usage{Used: 99 << 20, Capacity: 100 << 20}
			o.Inner.Err = &access.UnreachableError{Server: "https://10.0.0.1:6443", Direct: errors.New("connection refused"), Through: errors.New("no server pod could be reached")}
		})
	var out bytes.Buffer
	if err := doctor.Print(&out, Examine(o, testParams()), ""); err != nil {
		t.Fatal(err)
	}
	profiletest.Golden(t, "cluster.txt", out.Bytes())
}
