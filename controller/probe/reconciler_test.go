package probe

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// stage is a reconciler before a real API server, with one node that says that
// it offers userns.
type stage struct {
	t         *testing.T
	client    client.Client
	r         *Reconciler
	namespace string
	writes    atomic.Int32
	node      string
	// deny, where set, may refuse a write to a resource.
	deny func(client.Object) error
	// errors are those that the last reconciliation logged.
	errors []string
}

func newStage(t *testing.T, level string) *stage {
	t.Helper()
	s := &stage{t: t, node: strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))}
	config := envtest.Config(t)
	s.client = s.counting(config)
	s.namespace = envtest.Namespace(t, s.client)
	s.label(level)
	s.create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "default"}})
	s.create(&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler})
	n := profiletest.Node(s.node, userns.Handler)
	status := n.Status
	s.create(&n)
	n.Status = status
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	if err := s.client.Status().Update(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	s.r = New(Options{
		Client: s.client, Pods: s.client, Writer: s.client, Live: s.client,
		Image:    func(context.Context) (string, error) { return "node:v1", nil },
		Profiles: []profile.Profile{userns.New()}, Clock: wallClock{}, Namespace: s.namespace, Most: 4,
	})
	return s
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() } //nolint:forbidigo // the API server's clock is the machine's

// counting is a client that counts what it writes.
func (s *stage) counting(config *rest.Config) client.Client {
	s.t.Helper()
	c, err := client.NewWithWatch(config, envtest.Options(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return interceptor.NewClient(c, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			s.writes.Add(1)
			if err := s.denied(obj); err != nil {
				return err
			}
			return c.Create(ctx, obj, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			s.writes.Add(1)
			return c.Delete(ctx, obj, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			s.writes.Add(1)
			if err := s.denied(obj); err != nil {
				return err
			}
			return c.Patch(ctx, obj, patch, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			s.writes.Add(1)
			return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
}

func (s *stage) denied(obj client.Object) error {
	if s.deny == nil {
		return nil
	}
	return s.deny(obj)
}

// create makes what may be there from another test.
func (s *stage) create(obj client.Object) {
	s.t.Helper()
	if err := client.IgnoreAlreadyExists(s.client.Create(s.t.Context(), obj)); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if _, isNode := obj.(*corev1.Node); isNode {
			_ = s.client.Delete(context.Background(), obj) //nolint:errcheck // the next test has a node of its own
		}
	})
}

func (s *stage) label(level string) {
	s.t.Helper()
	ns := &corev1.Namespace{}
	if err := s.client.Get(s.t.Context(), client.ObjectKey{Name: s.namespace}, ns); err != nil {
		s.t.Fatal(err)
	}
	ns.Labels[profile.LabelEnforce] = level
	if err := s.client.Update(s.t.Context(), ns); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) reconcile() reconcile.Result {
	s.t.Helper()
	result := s.tryReconcile()
	if len(s.errors) > 0 {
		s.t.Fatal(s.errors)
	}
	return result
}

// tryReconcile is for where something is to go wrong.
func (s *stage) tryReconcile() reconcile.Result {
	s.t.Helper()
	s.writes.Store(0)
	s.errors = nil
	logger := funcr.New(func(_, args string) { s.errors = append(s.errors, args) }, funcr.Options{Verbosity: -1})
	result, err := s.r.Reconcile(log.IntoContext(s.t.Context(), logger), reconcile.Request{})
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

func (s *stage) report() *v1alpha1.RuntimeReport {
	s.t.Helper()
	report := &v1alpha1.RuntimeReport{}
	if err := s.client.Get(s.t.Context(), client.ObjectKey{Name: s.node + ".userns"}, report); err != nil {
		s.t.Fatal(err)
	}
	return report
}

func (s *stage) pods() []corev1.Pod {
	s.t.Helper()
	var list corev1.PodList
	if err := s.client.List(s.t.Context(), &list, client.InNamespace(s.namespace)); err != nil {
		s.t.Fatal(err)
	}
	return list.Items
}

// end makes the probe pod end as the kubelet would.
func (s *stage) end(message string) {
	s.t.Helper()
	for _, pod := range s.pods() {
		w := &world{pods: map[string]*corev1.Pod{pod.Name: &pod}, now: time.Now()} //nolint:forbidigo // as above
		if w.leave(message); message == "" {
			w.ends(s.t)
		}
		if err := s.client.Status().Update(s.t.Context(), &pod); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stage) expectState(want v1alpha1.RuntimeState) {
	s.t.Helper()
	if got := s.report().Status; got.State != want {
		s.t.Fatalf("the report says %s (%s), want %s", got.State, got.Message, want)
	}
}

// TestProbe takes a probe through its life before a real API server.
func TestProbe(t *testing.T) {
	s := newStage(t, "privileged")
	s.reconcile()
	s.expectState(v1alpha1.StateProbing)
	pods := s.pods()
	if len(pods) != 1 || pods[0].Spec.NodeName != s.node || len(pods[0].OwnerReferences) != 1 || pods[0].OwnerReferences[0].UID != s.report().UID {
		t.Fatalf("probe pods: %+v", pods)
	}
	if result := s.reconcile(); s.writes.Load() != 0 || result.RequeueAfter <= 0 {
		t.Errorf("while the probe runs: %d writes, next look after %s", s.writes.Load(), result.RequeueAfter)
	}
	s.end("")
	s.reconcile()
	s.expectState(v1alpha1.RuntimeState(v1alpha1.ProbePassed))
	node := &corev1.Node{}
	if err := s.client.Get(t.Context(), client.ObjectKey{Name: s.node}, node); err != nil {
		t.Fatal(err)
	}
	if node.Labels[labelPods] != v1alpha1.NodeLabelProven || node.Labels[labelServers] != v1alpha1.NodeLabelProven {
		t.Errorf("the node's labels: %v", node.Labels)
	}
	if left := s.pods(); len(left) != 0 {
		t.Errorf("%d probe pods are left", len(left))
	}
	if result := s.reconcile(); s.writes.Load() != 0 || result.RequeueAfter != 0 {
		t.Errorf("an idle host: %d writes, next look after %s", s.writes.Load(), result.RequeueAfter)
	}
}

func TestProbeFails(t *testing.T) {
	s := newStage(t, "privileged")
	s.reconcile()
	s.end("runc create failed: no cgroup for you")
	s.reconcile()
	s.expectState(v1alpha1.RuntimeState(v1alpha1.ProbeFailed))
	if m := s.report().Status.Message; !strings.Contains(m, "no cgroup for you") {
		t.Errorf("the runtime's words are lost: %s", m)
	}
	if result := s.reconcile(); s.writes.Load() != 0 || result.RequeueAfter <= 0 {
		t.Errorf("until the next attempt: %d writes, after %s", s.writes.Load(), result.RequeueAfter)
	}
}

// TestRefusedProbe: what the API server has against a probe pod is told in its
// words.
func TestRefusedProbe(t *testing.T) {
	s := newStage(t, "restricted")
	s.reconcile()
	s.expectState(v1alpha1.RuntimeState(v1alpha1.ProbeInconclusive))
	if m := s.report().Status.Message; !strings.Contains(m, `violates PodSecurity "restricted:latest"`) {
		t.Errorf("the policy's words are lost: %s", m)
	}
	if result := s.reconcile(); s.writes.Load() != 0 || result.RequeueAfter < firstPause/2 {
		t.Errorf("it is asked again at once: %d writes, next look after %s", s.writes.Load(), result.RequeueAfter)
	}
}

// TestAnswers: what will not pass by itself is told as it stands.
func TestAnswers(t *testing.T) {
	pods := corev1.Resource("pods")
	cases := map[string]struct {
		reason string
		err    error
		want   v1alpha1.RuntimeState
		words  string
		logged int
	}{
		"Namespace": {reason: "Somebody deleted the namespace.", err: apierrors.NewNotFound(corev1.Resource("namespaces"), "probes"), want: v1alpha1.RuntimeState(v1alpha1.ProbeInconclusive), words: `namespaces "probes" not found`},
		"Webhook":   {reason: "A webhook is away.", err: apierrors.NewInternalError(errors.New("failed calling webhook")), want: v1alpha1.RuntimeState(v1alpha1.ProbeInconclusive), words: "failed calling webhook"},
		"Busy":      {reason: "The API server says nothing of the pod.", err: apierrors.NewServerTimeout(pods, "create", 1), logged: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "privileged")
			s.deny = func(obj client.Object) error {
				if _, isPod := obj.(*corev1.Pod); isPod {
					return tc.err
				}
				return nil
			}
			result := s.tryReconcile()
			if got := s.report().Status; got.State != tc.want || !strings.Contains(got.Message, tc.words) {
				t.Errorf("%s The report says %q: %s", tc.reason, got.State, got.Message)
			}
			if len(s.errors) != tc.logged || result.RequeueAfter <= 0 && tc.logged > 0 {
				t.Errorf("%s Logged: %v; next look after %s", tc.reason, s.errors, result.RequeueAfter)
			}
		})
	}
}

// TestFailureKeepsTime: what cannot be done for one node leaves the others their
// times, and is tried again.
func TestFailureKeepsTime(t *testing.T) {
	s := newStage(t, "privileged")
	s.reconcile()
	s.end("")
	s.deny = func(obj client.Object) error {
		if _, isNode := obj.(*corev1.Node); isNode {
			return apierrors.NewForbidden(corev1.Resource("nodes"), s.node, errors.New("not yours to label"))
		}
		return nil
	}
	result := s.tryReconcile()
	if len(s.errors) != 1 || !strings.Contains(s.errors[0], "not yours to label") {
		t.Errorf("nobody is told: %v", s.errors)
	}
	if result.RequeueAfter <= 0 || result.RequeueAfter > retryPause {
		t.Errorf("next look after %s", result.RequeueAfter)
	}
	s.expectState(v1alpha1.RuntimeState(v1alpha1.ProbePassed))
	if m := s.report().Status.Message; !strings.HasPrefix(m, unlabelled) || !strings.Contains(m, "not yours to label") || !strings.HasSuffix(m, s.report().Status.Probe.Message) {
		t.Errorf("the report does not say that the node is not labelled: %s", m)
	}
	held := s.report().ResourceVersion
	s.tryReconcile()
	if got := s.report().ResourceVersion; got != held {
		t.Error("the report is written again, though nothing else is known")
	}
	s.deny = nil
	s.reconcile()
	node := &corev1.Node{}
	if err := s.client.Get(t.Context(), client.ObjectKey{Name: s.node}, node); err != nil || node.Labels[labelPods] != v1alpha1.NodeLabelProven {
		t.Errorf("the node's labels: %v (%v)", node.Labels, err)
	}
	if s.reconcile(); s.report().Status.Message != s.report().Status.Probe.Message {
		t.Errorf("the report still says that the node is not labelled: %s", s.report().Status.Message)
	}
}

// TestEventsTell: why a sandbox cannot be made is in events only.
func TestEventsTell(t *testing.T) {
	s := newStage(t, "privileged")
	s.reconcile()
	pod := s.pods()[0]
	s.create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: s.namespace, Name: "sandbox"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: s.namespace, Name: pod.Name, UID: pod.UID},
		Reason:         "FailedCreatePodSandBox", Message: "no runtime for it is configured", LastTimestamp: pod.CreationTimestamp,
	})
	s.r.opts.Clock = later{time.Minute}
	s.reconcile()
	s.expectState(v1alpha1.RuntimeState(v1alpha1.ProbeFailed))
	if m := s.report().Status.Message; !strings.Contains(m, "no runtime for it is configured") {
		t.Errorf("the event's words are lost: %s", m)
	}
}

type later struct{ by time.Duration }

func (l later) Now() time.Time { return wallClock{}.Now().Add(l.by) }
