package hostcheck

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/gvisor"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func notThere(resource, name string) error {
	return apierrors.NewNotFound(schema.GroupResource{Resource: resource}, name)
}

func TestVerdict(t *testing.T) {
	noHandler := func(n *corev1.Node) { n.Status.RuntimeHandlers = nil }
	cordon := func(n *corev1.Node) { n.Spec.Unschedulable = true }
	withKata := func(o *Observation) {
		o.Classes.Value = append(o.Classes.Value, *madeClass(t, kata.New()))
		onNode("c", func(n *corev1.Node) {
			n.Labels[kata.NodeLabel] = kata.NodeLabelValue
			n.Status.RuntimeHandlers = append(n.Status.RuntimeHandlers, corev1.NodeRuntimeHandler{Name: kata.Handler})
		})(o)
	}
	withGVisor := func(o *Observation) {
		onNode("c", func(n *corev1.Node) {
			n.Status.RuntimeHandlers = append(n.Status.RuntimeHandlers, corev1.NodeRuntimeHandler{Name: gvisor.Handler})
		})(o)
	}
	cases := map[string]struct {
		reason  string
		change  func(*Observation)
		named   v1alpha1.RuntimeProfile
		outcome doctor.Outcome
		verdict string
		remedy  string
	}{
		"Good":       {reason: "All nodes.", outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 3 of 3 nodes."},
		"OneLess":    {reason: "One of three is not enough to complain.", change: onNode("b", noHandler), outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 2 of 3 nodes."},
		"Cordoned":   {reason: "A node nothing is placed on does not count.", change: onNode("b", cordon), outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 2 of 3 nodes."},
		"Strongest":  {reason: "What a cluster gets comes first.", change: withSysbox(t), outcome: doctor.OK, verdict: "This host can run virtual clusters under sysbox on 1 of 3 nodes; also under userns on 3 of 3 nodes."},
		"AlsoByName": {reason: "Kata is there for who names it.", change: withKata, outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 3 of 3 nodes; also under kata on 1 of 3 nodes."},
		"OnlyByName": {reason: "It has to be said.", change: func(o *Observation) {
			withKata(o)
			onNodes(func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = "5.15" })(o)
		}, outcome: doctor.OK, verdict: "This host can run virtual clusters under kata on 1 of 3 nodes, where that is asked for by name."},
		"Named":        {reason: "Nobody asked for another.", named: v1alpha1.RuntimeUserns, outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 3 of 3 nodes."},
		"NamedAbsent":  {reason: "Others do not count.", named: v1alpha1.RuntimeKata, outcome: doctor.Problem, verdict: "No node can run virtual clusters under kata: nodes a, b, c: lacks the labels katacontainers.io/kata-runtime=true of the RuntimeClass's scheduling", remedy: "install Kata Containers there, whose installer labels the node, or label it where that was done by hand"},
		"GVisor":       {reason: "It carries control planes, and no pods.", named: v1alpha1.RuntimeGVisor, change: withGVisor, outcome: doctor.OK, verdict: "This host can run virtual clusters under gvisor (control planes alone) on 1 of 3 nodes."},
		"Refuted":      {reason: "What was tried counts more than what is said.", change: onNodesProof(v1alpha1.ProbeFailed, "a", "b", "c"), outcome: doctor.Problem, verdict: "No node can run virtual clusters: nodes a, b, c: cgroup: read-only", remedy: "set cgroup_writable"},
		"PartRefuted":  {reason: "Two of three.", change: onNodesProof(v1alpha1.ProbeControlPlaneOnly, "b"), outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 2 of 3 nodes."},
		"Proven":       {reason: "It was tried.", change: onNodesProof(v1alpha1.ProbePassed, "a", "b", "c"), outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 3 of 3 nodes."},
		"Untold":       {reason: "A probe that came to nothing proves nothing.", change: onNodesProof(v1alpha1.ProbeInconclusive, "a"), outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 3 of 3 nodes."},
		"NoGVisor":     {reason: "Its program has to be there before.", named: v1alpha1.RuntimeGVisor, outcome: doctor.Problem, verdict: `No node can run virtual clusters under gvisor: nodes a, b, c: containerd has no handler "vclusterctl-gvisor"`, remedy: gvisorRemedy(t)},
		"NotInstalled": {reason: "The host is well, and that is the next step.", change: notInstalled, outcome: doctor.OK, verdict: "This host can run virtual clusters under userns on 3 of 3 nodes.", remedy: "install the controller with: vclusterctl install"},
		"NoHandler":    {reason: "The nearest runtime is the one to set up.", change: onNodes(noHandler), outcome: doctor.Problem, verdict: `No node can run virtual clusters: nodes a, b, c: containerd has no handler "vclusterctl-userns"`, remedy: "vclusterctl runtime install userns, which does this: add it to containerd's configuration with cgroup_writable = true and restart containerd; where it is there, the node must have cgroup v2"},
		"AllCordoned":  {reason: "They could, if they were let.", change: onNodes(cordon), outcome: doctor.Problem, verdict: "No node can run virtual clusters: node a: cordoned", remedy: "kubectl uncordon a"},
		"PodSecurity":  {reason: "Nodes could, and the namespace does not let them.", change: enforce("restricted"), outcome: doctor.Problem, verdict: "No virtual cluster can come up: namespace team enforces Pod Security level restricted", remedy: "kubectl label --overwrite namespace team pod-security.kubernetes.io/enforce=privileged, or use another namespace with -n"},
		"Namespace":    {reason: "It stands in the way of every runtime.", change: func(o *Observation) { o.Object.Err = notThere("namespaces", "team") }, outcome: doctor.Problem, verdict: `No virtual cluster can come up: namespace "team" does not exist`, remedy: "kubectl create namespace team"},
		"NoNodes":      {reason: "An autoscaler may have taken them all.", change: func(o *Observation) { o.Nodes.Value = nil }, outcome: doctor.Problem, verdict: "No node can run virtual clusters: the host has no nodes", remedy: "add a Linux node"},
		"Hidden":       {reason: "Who may not look has no answer.", change: func(o *Observation) { o.Nodes.Value, o.Nodes.Err = nil, mayNot("list", "", "nodes") }, outcome: doctor.Unknown, verdict: "Whether this host can run virtual clusters cannot be seen: you may not list nodes", remedy: "ask an administrator for the right to list nodes, or have one run this"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o, p := goodHost(t), testParams()
			if tc.change != nil {
				tc.change(o)
			}
			if tc.named != "" {
				p = named(t, tc.named)
			}
			r := Examine(o, p)
			if r.Outcome != tc.outcome || r.Verdict != tc.verdict || r.Remedy != tc.remedy {
				t.Errorf("%s\ngot  %s\n     %s\n     %s\nwant %s\n     %s\n     %s", tc.reason, r.Outcome, r.Verdict, r.Remedy, tc.outcome, tc.verdict, tc.remedy)
			}
		})
	}
}

// gvisorRemedy is the profile's own words, and the command for the rest.
func gvisorRemedy(t *testing.T) string {
	t.Helper()
	n := goodNode("n")
	_, remedy := split(gvisor.New().Ask(profile.Question{Nodes: []corev1.Node{n}}).Nodes[0].Problems[0].Message)
	return remedy + "; then: vclusterctl runtime install gvisor"
}

// onNodesProof lets probes of userns come to something on some nodes.
func onNodesProof(verdict v1alpha1.ProbeVerdict, nodes ...string) func(*Observation) {
	return func(o *Observation) {
		o.Proofs.Value = map[Spot]Proof{}
		for _, n := range nodes {
			p := Proof{Verdict: verdict, Message: "words", Source: "now"}
			if p.refutes(true) {
				p.Checks = []v1alpha1.ProbeCheck{{Name: "cgroup", Weight: v1alpha1.WeightBoot, Found: "read-only", Needed: "writable", Remedy: "set cgroup_writable"}}
			}
			o.Proofs.Value[Spot{v1alpha1.RuntimeUserns, n}] = p
		}
	}
}

// TestCandidates: pods are tried where nodes say that they run, and their
// RuntimeClass is there.
func TestCandidates(t *testing.T) {
	o := goodHost(t, onNode("b", func(n *corev1.Node) { n.Status.RuntimeHandlers = nil }), onNode("c", func(n *corev1.Node) { n.Spec.Unschedulable, n.Labels = true, nil }))
	var got []string
	for _, c := range Candidates(o, testParams().Profiles) {
		got = append(got, string(c.Runtime)+"/"+c.Node)
		if confined := len(c.Shape.NodeSelector) > 0; confined != (c.Node == "a") {
			t.Errorf("on node %s the pod has the seccomp profile: %t", c.Node, confined)
		}
		if c.Kernel != "6.12.9" || c.Knowledge.Name != c.Runtime {
			t.Errorf("%+v", c)
		}
	}
	if diff := cmp.Diff([]string{"userns/a", "userns/c"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	annotateClass(string(profile.CgroupByCRIOAnnotation))(o)
	for _, c := range Candidates(o, testParams().Profiles) {
		if c.Shape.Annotations[profile.CRIOCgroupAnnotation] == "" {
			t.Errorf("on node %s the pod does not ask for a writable cgroup", c.Node)
		}
	}
	trial, err := trialPod("x", userns.New(), &o.Classes.Value[0])
	if err != nil || trial.Annotations[profile.CRIOCgroupAnnotation] == "" {
		t.Errorf("the pod that is only asked about does not ask for a writable cgroup: %v", err)
	}
	o.Classes.Value = nil
	if got := Candidates(o, testParams().Profiles); len(got) > 0 {
		t.Errorf("without a RuntimeClass no pod can ask for it: %+v", got)
	}
}

// TestPrinted: a host with a bit of everything, as people and programs see it.
func TestPrinted(t *testing.T) {
	o := goodHost(t, onNode("b", func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = "5.15.0-1051-azure" }),
		onNode("c", func(n *corev1.Node) { n.Spec.Unschedulable = true }),
		quota("5", "5"), func(o *Observation) {
			o.Pods.Err = mayNot("list", "", "pods")
			o.Kubelets = map[string]doctor.Seen[Kubelet]{"a": {Err: mayNot("get", "", "nodes/proxy")}}
		})
	for format, file := range map[string]string{"": "host.txt", "json": "host.json", "yaml": "host.yaml"} {
		var out bytes.Buffer
		if err := doctor.Print(&out, Examine(o, testParams()), format); err != nil {
			t.Fatal(err)
		}
		profiletest.Golden(t, file, out.Bytes())
	}
}

// What makes a RuntimeClass is a command of ours, whatever the runtime.
func TestMissingClass(t *testing.T) {
	for name, want := range map[v1alpha1.RuntimeProfile]string{
		v1alpha1.RuntimeUserns: "vclusterctl install", v1alpha1.RuntimeSysbox: "vclusterctl install",
		v1alpha1.RuntimeKata: "vclusterctl runtime install kata, which makes it too", v1alpha1.RuntimeGVisor: "vclusterctl runtime install gvisor, which makes it too",
	} {
		o := goodHost(t)
		o.Classes.Value = nil
		got := ""
		for _, f := range Examine(o, named(t, name)).Findings {
			if f.Check == checkClass {
				got = f.Fix
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
