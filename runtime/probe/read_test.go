package probe

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// good is a report of a node that has everything, but what the changes say.
func good(changes ...finding.Finding) finding.Report {
	var all []finding.Finding
	for _, n := range needs {
		all = append(all, finding.Finding{Name: n.name, OK: true, Found: "yes"})
	}
	all = append(all, finding.Finding{Name: finding.Kernel, OK: true, Found: "6.18.44"})
	for _, c := range changes {
		for i := range all {
			if all[i].Name == c.Name {
				all[i] = c
			}
		}
	}
	return finding.New(all)
}

// without is a report that says nothing of one thing.
func without(r finding.Report, name string) finding.Report {
	r.Findings = slices.DeleteFunc(r.Findings, func(f finding.Finding) bool { return f.Name == name })
	return r
}

func TestJudge(t *testing.T) {
	user, virtual := userns.New().Knowledge(), kata.New().Knowledge()
	cases := map[string]struct {
		reason     string
		knowledge  profile.Knowledge
		report     finding.Report
		nodeKernel string
		verdict    v1alpha1.ProbeVerdict
		message    string
	}{
		"Good":       {reason: "Everything is there.", knowledge: user, report: good(), verdict: v1alpha1.ProbePassed, message: "everything that node pods need"},
		"Degraded":   {reason: "Nodes run without some things, and say so.", knowledge: user, report: good(finding.Finding{Name: finding.Controllers, Found: "none"}), verdict: v1alpha1.ProbePassed, message: "does without cgroupControllers"},
		"NoVXLAN":    {reason: "Servers without pods can do without.", knowledge: user, report: good(finding.Finding{Name: finding.VXLAN, Found: "operation not supported"}), verdict: v1alpha1.ProbeControlPlaneOnly, message: "vxlan: operation not supported, and needed is that VXLAN links can be made: load the module"},
		"NoFilter":   {reason: "Every node with pods would stop there, and servers without do not look.", knowledge: user, report: good(finding.Finding{Name: finding.BridgeFilter, Found: "no such file or directory"}), verdict: v1alpha1.ProbeControlPlaneOnly, message: "run modprobe br_netfilter on the node, and name it in a file of /etc/modules-load.d"},
		"OlderImage": {reason: "Its probe does not look at the bridge filter, which proves nothing.", knowledge: user, report: without(good(), finding.BridgeFilter), verdict: v1alpha1.ProbePassed, message: "everything that node pods need"},
		"NoVethWord": {reason: "What every probe looks at must be said.", knowledge: user, report: without(good(), finding.Veth), verdict: v1alpha1.ProbeControlPlaneOnly, message: "veth: the probe says nothing of it"},
		"NoCgroup":   {reason: "systemd needs it.", knowledge: user, report: good(finding.Finding{Name: finding.Cgroup, Found: "read-only file system"}), verdict: v1alpha1.ProbeFailed, message: `handler vclusterctl-userns`},
		"RootMapped": {reason: "A user namespace that maps the node's root is none.", knowledge: user, report: good(finding.Finding{Name: finding.UserNamespace, Found: "0 0 4294967295"}), verdict: v1alpha1.ProbeFailed, message: "0 0 4294967295"},
		"Silent":     {reason: "What is not said is not proven.", knowledge: user, report: finding.New([]finding.Finding{{Name: finding.Systemd, OK: true}}), verdict: v1alpha1.ProbeFailed, message: "says nothing of it"},
		"OwnKernel":  {reason: "A kernel of its own needs no user namespace.", knowledge: virtual, report: good(finding.Finding{Name: finding.UserNamespace, Found: "0 0 4294967295"}), nodeKernel: "6.8.0", verdict: v1alpha1.ProbePassed, message: "everything"},
		"SameKernel": {reason: "The node's kernel is no virtual machine's.", knowledge: virtual, report: good(), nodeKernel: "6.18.44", verdict: v1alpha1.ProbeFailed, message: "another kernel than the node's"},
		"NobodyKnow": {reason: "Nor is one that cannot be told from it.", knowledge: virtual, report: good(), verdict: v1alpha1.ProbeFailed, message: "kernel"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Judge(tc.knowledge, tc.report, tc.nodeKernel)
			if got.Verdict != tc.verdict || !strings.Contains(got.Message, tc.message) {
				t.Errorf("%s got %s: %s", tc.reason, got.Verdict, got.Message)
			}
			for _, c := range got.Checks {
				if c.OK == (c.Remedy != "") {
					t.Errorf("check %q: a remedy is for what fails, and for nothing else: %+v", c.Name, c)
				}
			}
		})
	}
}

func TestQualifies(t *testing.T) {
	for verdict, want := range map[v1alpha1.ProbeVerdict][2]bool{
		v1alpha1.ProbePassed: {true, true}, v1alpha1.ProbeControlPlaneOnly: {false, true},
		v1alpha1.ProbeFailed: {false, false}, v1alpha1.ProbeInconclusive: {false, false},
	} {
		r := Result{Verdict: verdict}
		if got := [2]bool{r.Qualifies(true), r.Qualifies(false)}; got != want {
			t.Errorf("%s: workers and servers without pods qualify: %v, want %v", verdict, got, want)
		}
	}
}

// pod is a probe pod made at start, in a state.
func pod(state corev1.ContainerState) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(start)}, Spec: corev1.PodSpec{NodeName: "a"}}
	if state != (corev1.ContainerState{}) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: ContainerName, State: state}}
	}
	return p
}

func ends(message string, code int32) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: message, ExitCode: code, Reason: "StartError"}}
}

func waits(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func failed(reason, message string) *corev1.Pod {
	p := pod(corev1.ContainerState{})
	p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, reason, message
	return p
}

func TestRead(t *testing.T) {
	report, err := good().Encode()
	if err != nil {
		t.Fatal(err)
	}
	sandbox := []corev1.Event{
		{Reason: "FailedCreatePodSandBox", Message: "older", LastTimestamp: metav1.NewTime(start)},
		{Reason: "FailedCreatePodSandBox", Message: `RuntimeClass handler "x" does not support user namespaces`, LastTimestamp: metav1.NewTime(start.Add(time.Second))},
		{Reason: "Pulled", Message: "no trouble", LastTimestamp: metav1.NewTime(start.Add(time.Minute))},
	}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(start)}}
	cases := map[string]struct {
		reason  string
		pod     *corev1.Pod
		events  []corev1.Event
		after   time.Duration
		verdict v1alpha1.ProbeVerdict // none while it goes on
		message string
	}{
		"Report":       {reason: "It has ended well.", pod: pod(ends(string(report), 0)), verdict: v1alpha1.ProbePassed},
		"OtherReport":  {reason: "A report of another release tells nothing of the node.", pod: pod(ends(`{"version":"x"}`, 0)), verdict: v1alpha1.ProbeInconclusive, message: "node image of the same release"},
		"StartError":   {reason: "The runtime's words say why.", pod: pod(ends("write sysctl key net.ipv4.ip_unprivileged_port_start: permission denied", 128)), verdict: v1alpha1.ProbeFailed, message: "ip_unprivileged_port_start"},
		"NoWords":      {reason: "It ended, and nobody says why.", pod: pod(ends("", 255)), verdict: v1alpha1.ProbeFailed, message: "code 255"},
		"Boots":        {reason: "It is on its way.", pod: pod(running), message: "boots"},
		"Frozen":       {reason: "systemd freezes where mounts are denied.", pod: pod(running), after: time.Hour, verdict: v1alpha1.ProbeFailed, message: "denied mount"},
		"Pulling":      {reason: "A large image takes its time.", pod: pod(waits("ContainerCreating", "")), after: 5 * time.Minute, message: "pulls"},
		"Sandbox":      {reason: "A node that has just come fails at first.", pod: pod(waits("ContainerCreating", "")), events: sandbox, message: "does not support user namespaces"},
		"SandboxFails": {reason: "And one that goes on failing fails.", pod: pod(waits("ContainerCreating", "")), events: sandbox, after: time.Minute, verdict: v1alpha1.ProbeFailed, message: "does not support user namespaces"},
		"PullBackOff":  {reason: "That says nothing of the runtime.", pod: pod(waits("ImagePullBackOff", "no such host")), verdict: v1alpha1.ProbeInconclusive, message: "no such host"},
		"PullError":    {reason: "The first try may fail.", pod: pod(waits("ErrImagePull", "reset")), message: "reset"},
		"CreateError":  {reason: "For example a seccomp profile that is not there.", pod: pod(waits("CreateContainerError", "cannot load seccomp profile")), verdict: v1alpha1.ProbeFailed, message: "cannot load seccomp"},
		"NoRoom":       {reason: "A full node may be a good one.", pod: failed("OutOfcpu", "Node didn't have enough resource"), verdict: v1alpha1.ProbeInconclusive, message: "OutOfcpu"},
		"Deadline":     {reason: "Nobody knows what it would have come to.", pod: failed("DeadlineExceeded", ""), verdict: v1alpha1.ProbeInconclusive, message: "pull it"},
		"DeadSandbox":  {reason: "Unless the node said it.", pod: failed("DeadlineExceeded", ""), events: sandbox, verdict: v1alpha1.ProbeFailed, message: "user namespaces"},
		"NoKubelet":    {reason: "Nobody takes it up.", pod: pod(corev1.ContainerState{}), after: time.Hour, verdict: v1alpha1.ProbeInconclusive, message: "kubelet running"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Read(Observed{Knowledge: userns.New().Knowledge(), Pod: tc.pod, Events: tc.events}, start.Add(tc.after))
			message := got.Message
			if got.Done {
				message = got.Result.Message
			}
			if got.Done != (tc.verdict != "") || got.Result.Verdict != tc.verdict || !strings.Contains(message, tc.message) {
				t.Errorf("%s got %+v", tc.reason, got)
			}
			if !got.Done && got.Recheck <= 0 {
				t.Errorf("nobody would look again: %+v", got)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	got := Refused("pods \"x\" is forbidden:\n violates PodSecurity")
	if diff := cmp.Diff(`the probe pod was refused: pods "x" is forbidden: violates PodSecurity`, got.Message); diff != "" || got.Verdict != v1alpha1.ProbeInconclusive {
		t.Errorf("%s: %s", got.Verdict, diff)
	}
	if long := Refused(strings.Repeat("é", 5000)); len(long.Message) > maxWords {
		t.Errorf("%d bytes of words", len(long.Message))
	}
}
