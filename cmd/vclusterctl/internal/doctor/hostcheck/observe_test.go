package hostcheck

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) { envtest.Main(m) }

// observe looks through the real API server as somebody.
func observe(t *testing.T, config *rest.Config, namespace string, change ...func(*Observer)) (*Observation, error) {
	t.Helper()
	config.WarningHandler = rest.NoWarnings{}
	c, err := client.New(config, client.Options{Scheme: cli.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewObserver(config, c)
	if err != nil {
		t.Fatal(err)
	}
	o.Namespace, o.Profiles = namespace, catalog.Profiles()
	for _, f := range change {
		f(o)
	}
	return o.Observe(t.Context())
}

// hostOf makes what a host of virtual clusters has: a node with the handler, and
// the RuntimeClass.
func hostOf(t *testing.T, c client.Client) {
	t.Helper()
	node := goodNode("real")
	status := node.Status
	for _, o := range []client.Object{&node, madeClass(t, userns.New())} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Delete(context.Background(), o) })
	}
	node.Status = status
	if err := c.Status().Update(t.Context(), &node); err != nil {
		t.Fatal(err)
	}
	node.Spec.Taints = nil // those that the API server gave it
	if err := c.Update(t.Context(), &node); err != nil {
		t.Fatal(err)
	}
}

// TestObserve: an administrator sees everything that a real API server has, and
// it is told what a pod would be told.
func TestObserve(t *testing.T) {
	c := envtest.Client(t)
	hostOf(t, c)
	lax, strict := envtest.Namespace(t, c), envtest.Namespace(t, c)
	if err := c.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: strict}},
		client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"`+profile.LabelEnforce+`":"baseline"}}}`))); err != nil {
		t.Fatal(err)
	}

	seen, err := observe(t, envtest.Config(t), lax)
	if err != nil {
		t.Fatal(err)
	}
	if seen.Version.Value.GitVersion == "" || len(seen.Nodes.Value) != 1 || seen.Definition.Value == nil {
		t.Errorf("not all was seen: %+v", seen)
	}
	if trial, tried := seen.Trials[v1alpha1.RuntimeUserns]; !tried || trial.Err != nil || trial.Value != "" {
		t.Errorf("a namespace without a label lets node pods in, but: %+v", trial)
	}
	if _, tried := seen.Trials[v1alpha1.RuntimeKata]; tried {
		t.Error("the API server was asked about a pod whose RuntimeClass is not there")
	}
	r := Examine(seen, testParams())
	if r.Outcome != doctor.OK || !strings.HasPrefix(r.Verdict, "This host can run virtual clusters under userns on 1 of 1 node.") {
		t.Errorf("verdict: %s, %q\n%+v", r.Outcome, r.Verdict, r.Findings)
	}

	if seen, err = observe(t, envtest.Config(t), strict); err != nil {
		t.Fatal(err)
	}
	if trial := seen.Trials[v1alpha1.RuntimeUserns]; !strings.Contains(trial.Value, "violates PodSecurity") {
		t.Errorf("the words of Pod Security are missing: %+v", trial)
	}
	r = Examine(seen, testParams())
	if r.Outcome != doctor.Problem || !strings.Contains(r.Remedy, "kubectl label --overwrite namespace "+strict+" "+profile.LabelEnforce+"=privileged") {
		t.Errorf("verdict: %s, %q, %q", r.Outcome, r.Verdict, r.Remedy)
	}
	var pods corev1.PodList
	if err := c.List(t.Context(), &pods, client.InNamespace(lax)); err != nil || len(pods.Items) > 0 {
		t.Errorf("asking made pods: %v, %+v", err, pods.Items)
	}
}

// TestObserveWithoutRights: who may see nothing is told which rights are
// missing, and nothing fails.
func TestObserveWithoutRights(t *testing.T) {
	c := envtest.Client(t)
	namespace := envtest.Namespace(t, c)
	nobody := envtest.Config(t)
	nobody.Impersonate = rest.ImpersonationConfig{UserName: "nobody", Groups: []string{"system:authenticated"}}
	seen, err := observe(t, nobody, namespace)
	if err != nil {
		t.Fatal(err)
	}
	r := Examine(seen, testParams())
	if r.Outcome != doctor.Unknown || r.Verdict != "Whether this host can run virtual clusters cannot be seen: you may not list nodes" {
		t.Errorf("verdict: %s, %q", r.Outcome, r.Verdict)
	}
	for _, want := range []string{
		"you may not list nodes", "you may not list runtimeclasses.node.k8s.io", "you may not list storageclasses.storage.k8s.io",
		"you may not get namespaces in the namespace " + namespace, "you may not list limitranges in the namespace " + namespace,
		"you may not list deployments.apps", "you may not get customresourcedefinitions.apiextensions.k8s.io",
	} {
		found := false
		for _, f := range r.Findings {
			found = found || f.Outcome == doctor.Unknown && strings.HasPrefix(f.Found, want) && strings.Contains(f.Fix, "right to")
		}
		if !found {
			t.Errorf("nobody is told %q: %+v", want, r.Findings)
		}
	}
	if n := doctor.Count(r.Findings, doctor.Problem); n > 0 {
		t.Errorf("what cannot be seen is a problem: %+v", r.Findings)
	}
}

// TestObserveNodes: who may see nodes and nothing else gets the answer.
func TestObserveNodes(t *testing.T) {
	c := envtest.Client(t)
	hostOf(t, c)
	namespace := envtest.Namespace(t, c)
	for _, o := range []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "sees-nodes"}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list"}}}},
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "sees-nodes"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "sees-nodes"}, Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "watcher"}}},
	} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	watcher := envtest.Config(t)
	watcher.Impersonate = rest.ImpersonationConfig{UserName: "watcher", Groups: []string{"system:authenticated"}}
	seen, err := observe(t, watcher, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if r := Examine(seen, testParams()); r.Outcome != doctor.OK || !strings.Contains(r.Verdict, "under userns on 1 of 1 node") {
		t.Errorf("verdict: %s, %q\n%+v", r.Outcome, r.Verdict, r.Findings)
	}
	_, err = observe(t, watcher, namespace, func(o *Observer) { o.Node = "none" })
	if missing, is := errors.AsType[*NodeNotFoundError](err); !is || missing.Name != "none" {
		t.Errorf("a node that is not there: %v", err)
	}
}

// TestObserveUnreachable: there is one error where nobody answers.
func TestObserveUnreachable(t *testing.T) {
	_, err := observe(t, &rest.Config{Host: "http://127.0.0.1:1"}, "default")
	if err == nil || !strings.HasPrefix(err.Error(), "ask the host for its version: ") {
		t.Errorf("got %v", err)
	}
}

// TestKubelets: kubelets are asked for their configuration, but not further
// where the first may not be asked.
func TestKubelets(t *testing.T) {
	nodes := make([]corev1.Node, 3*maxKubelets)
	for i := range nodes {
		nodes[i].Name = "n" + strings.Repeat("x", i)
	}
	answer, err := json.Marshal(map[string]any{"kubeletconfig": map[string]any{
		"podPidsLimit": 100, "singleProcessOOMKill": false, "unknown": 1, "userNamespaces": map[string]any{"idsPerPod": 131072},
		"failSwapOn": false, "memorySwap": map[string]any{"swapBehavior": "LimitedSwap"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := &Observer{Kubelet: func(context.Context, string) ([]byte, error) { return answer, nil }}
	all := o.kubelets(t.Context(), nodes)
	if len(all) != maxKubelets {
		t.Errorf("asked %d kubelets, want %d", len(all), maxKubelets)
	}
	for name, k := range all {
		if k.Err != nil || k.Value.PodPidsLimit != 100 || k.Value.SingleProcessOOMKill == nil || *k.Value.SingleProcessOOMKill {
			t.Errorf("%s: %+v", name, k)
		}
		if v := k.Value; v.UserNamespaces.IDsPerPod != 131072 || v.FailSwapOn == nil || *v.FailSwapOn || v.MemorySwap.SwapBehavior != "LimitedSwap" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	o.Kubelet = func(context.Context, string) ([]byte, error) {
		return nil, apierrors.NewForbidden(corev1.Resource("nodes"), "n", errors.New("no"))
	}
	if all := o.kubelets(t.Context(), nodes); len(all) != 1 {
		t.Errorf("asked on after a refusal: %d", len(all))
	}
}

func TestVerdictOfTrial(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		words  string
		failed bool
	}{
		"In":      {reason: "Nothing against it."},
		"Policy":  {reason: "A policy's words are about the pod.", err: apierrors.NewForbidden(corev1.Resource("pods"), "p", errors.New(`violates PodSecurity "baseline:latest"`)), words: "violates PodSecurity"},
		"Invalid": {reason: "So are those of validation.", err: apierrors.NewBadRequest("no such field"), words: "no such field"},
		"Rights":  {reason: "Who may not make pods learns nothing.", err: apierrors.NewForbidden(corev1.Resource("pods"), "", errors.New(`User "x" cannot create resource "pods" in API group "" in the namespace "y"`)), failed: true},
		"Down":    {reason: "Nor does one whose question is lost.", err: errors.New("connection reset"), failed: true},
		"Webhook": {reason: "A webhook that does not answer says nothing of the pod.", err: apierrors.NewInternalError(errors.New("webhook")), failed: true},
		"Busy":    {reason: "Nor does a busy server.", err: apierrors.NewTooManyRequests("later", 1), failed: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := verdict(tc.err)
			if (got.Err != nil) != tc.failed || !strings.Contains(got.Value, tc.words) || (tc.words == "") != (got.Value == "") {
				t.Errorf("%s\ngot %+v", tc.reason, got)
			}
		})
	}
}

// TestProofsOf: what the controller's probes found counts, as long as it holds.
func TestProofsOf(t *testing.T) {
	at := metav1.NewTime(aTime.Time)
	report := func(node string, state v1alpha1.RuntimeState, verdict v1alpha1.ProbeVerdict) *v1alpha1.RuntimeReport {
		r := &v1alpha1.RuntimeReport{ObjectMeta: metav1.ObjectMeta{Name: "userns." + node}, Spec: v1alpha1.RuntimeReportSpec{NodeName: node, Profile: "userns"}}
		r.Status.State = state
		if verdict != "" {
			r.Status.Probe = &v1alpha1.ReportedProbe{Time: at, Verdict: verdict, Message: "words"}
		}
		return r
	}
	c := fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(
		report("a", "Passed", v1alpha1.ProbePassed), report("b", v1alpha1.StateProbing, v1alpha1.ProbePassed), report("c", v1alpha1.StateNotOffered, ""),
	).Build()
	got := proofsOf(t.Context(), c)
	want := map[Spot]Proof{{v1alpha1.RuntimeUserns, "a"}: {Verdict: v1alpha1.ProbePassed, Message: "words", Source: "the controller's probe of 2026-11-21T12:00:00Z"}}
	if diff := cmp.Diff(want, got.Value); diff != "" || got.Err != nil {
		t.Errorf("%v\n-want, +got:\n%s", got.Err, diff)
	}
}
