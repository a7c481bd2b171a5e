package probing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
	"github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) { envtest.Main(m) }

// connect is a client of the real API server that can watch.
func connect(t *testing.T) client.WithWatch {
	t.Helper()
	config := envtest.Config(t)
	config.WarningHandler = rest.NoWarnings{}
	c, err := client.NewWithWatch(config, client.Options{Scheme: cli.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
	if err := c.Create(t.Context(), class); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	return c
}

// prober is one whose progress is kept.
func prober(t *testing.T, c client.WithWatch, namespace string) (p *Prober, told func() string) {
	t.Helper()
	var mu sync.Mutex
	var words strings.Builder
	var n atomic.Int32
	p = &Prober{
		Client: c, Namespace: namespace, Image: "example.com/node", Now: time.Now,
		Name: func() string { return fmt.Sprintf("probe-%d", n.Add(1)) },
		Tell: func(s hostcheck.Spot, what string) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(&words, "%s/%s: %s\n", s.Runtime, s.Node, what)
		},
	}
	return p, func() string {
		mu.Lock()
		defer mu.Unlock()
		return words.String()
	}
}

func candidates(nodes ...string) []hostcheck.Candidate {
	p := userns.New()
	var all []hostcheck.Candidate
	for _, n := range nodes {
		all = append(all, hostcheck.Candidate{
			Spot: hostcheck.Spot{Runtime: v1alpha1.RuntimeUserns, Node: n}, Knowledge: p.Knowledge(), Shape: p.PodShape(profile.PodOptions{}),
		})
	}
	return all
}

// kubelets does with probe pods what those of their nodes would, until the test
// ends: they boot, and those of a bad node leave no report.
func kubelets(t *testing.T, c client.WithWatch, namespace string) {
	t.Helper()
	report := goodReport(t)
	w, err := c.Watch(t.Context(), &corev1.PodList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for e := range w.ResultChan() {
			pod, is := e.Object.(*corev1.Pod)
			if !is || pod.Status.Phase != corev1.PodPending || len(pod.Status.ContainerStatuses) > 0 {
				continue
			}
			end := &corev1.ContainerStateTerminated{ExitCode: 0, Message: report, Reason: "Completed"}
			if pod.Spec.NodeName == "bad" {
				end = &corev1.ContainerStateTerminated{ExitCode: 1, Message: "no such handler", Reason: "StartError"}
			}
			pod.Status.Phase = corev1.PodFailed
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: probe.ContainerName, State: corev1.ContainerState{Terminated: end}}}
			if err := c.Status().Update(context.Background(), pod); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
				t.Errorf("update a pod: %v", err)
			}
		}
	}()
	t.Cleanup(w.Stop)
}

// goodReport is what a probe pod says where there is everything.
func goodReport(t *testing.T) string {
	t.Helper()
	var all []finding.Finding
	for _, name := range []string{
		finding.Systemd, finding.UserNamespace, finding.GroupMap, finding.Mount, finding.Cgroup, finding.Sysctls, finding.Procfs, finding.Sysfs,
		finding.Veth, finding.Bridge, finding.VXLAN, finding.Nftables, finding.Iptables,
	} {
		all = append(all, finding.Finding{Name: name, OK: true})
	}
	data, err := finding.New(all).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wantNoPods(t *testing.T, c client.Client, namespace string) {
	t.Helper()
	var pods corev1.PodList
	if err := c.List(context.Background(), &pods, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		t.Errorf("pod %q was left behind", pods.Items[i].Name)
	}
}

// TestRun: each node gets its proof, and no pod stays.
func TestRun(t *testing.T) {
	c := connect(t)
	namespace := envtest.Namespace(t, c)
	kubelets(t, c, namespace)
	p, told := prober(t, c, namespace)
	got, err := p.Run(t.Context(), candidates("n1", "bad", "n2", "n3", "n4", "n5"))
	if err != nil || len(got) != 6 {
		t.Fatalf("got %d proofs, %v", len(got), err)
	}
	for spot, proof := range got {
		want, words := v1alpha1.ProbePassed, "has everything that node pods need"
		if spot.Node == "bad" {
			want, words = v1alpha1.ProbeFailed, "no such handler"
		}
		if proof.Verdict != want || !strings.Contains(proof.Message, words) {
			t.Errorf("%v: %+v", spot, proof)
		}
	}
	if !strings.Contains(told(), "userns/bad: Failed: ") {
		t.Errorf("nobody was told:\n%s", told())
	}
	wantNoPods(t, c, namespace)
}

// TestInterrupted: pods do not outlive whoever wanted to know.
func TestInterrupted(t *testing.T) {
	cases := map[string]struct {
		reason string
		end    func(context.Context) (context.Context, context.CancelFunc)
		fails  bool
	}{
		"Interrupted": {reason: "Somebody pressed Ctrl-C.", end: context.WithCancel, fails: true},
		"OutOfTime": {reason: "The time is over, and what is known by then is shown.", end: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := connect(t)
			namespace := envtest.Namespace(t, c)
			ctx, cancel := tc.end(t.Context())
			defer cancel()
			p, _ := prober(t, c, namespace)
			tell := p.Tell
			p.Tell = func(s hostcheck.Spot, what string) { // the pod is there
				tell(s, what)
				if tc.fails {
					cancel()
				}
			}
			got, err := p.Run(ctx, candidates("n1", "n2", "n3", "n4", "n5"))
			if tc.fails != (err != nil) {
				t.Errorf("%s\ngot %v", tc.reason, err)
			}
			for spot, proof := range got {
				if proof.Verdict != v1alpha1.ProbeInconclusive || !strings.Contains(proof.Message, "not done in time") {
					t.Errorf("%s\n%v: %+v", tc.reason, spot, proof)
				}
			}
			wantNoPods(t, c, namespace)
		})
	}
}

// TestLostAnswer: a pod whose creation was not confirmed is taken away, too.
func TestLostAnswer(t *testing.T) {
	c := connect(t)
	namespace := envtest.Namespace(t, c)
	lossy := interceptor.NewClient(c, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		if err := c.Create(ctx, o, opts...); err != nil {
			return err
		}
		return errors.New("connection reset")
	}})
	p, _ := prober(t, lossy, namespace)
	got, err := p.Run(t.Context(), candidates("n1"))
	if proof := got[candidates("n1")[0].Spot]; err != nil || proof.Verdict != v1alpha1.ProbeInconclusive || !strings.Contains(proof.Message, "connection reset") {
		t.Errorf("got %+v, %v", proof, err)
	}
	wantNoPods(t, c, namespace)
}

// TestRefused: the API server's words are the result.
func TestRefused(t *testing.T) {
	c := connect(t)
	namespace := envtest.Namespace(t, c)
	if err := c.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}},
		client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"`+profile.LabelEnforce+`":"restricted"}}}`))); err != nil {
		t.Fatal(err)
	}
	p, _ := prober(t, c, namespace)
	got, err := p.Run(t.Context(), candidates("n1"))
	if proof := got[candidates("n1")[0].Spot]; err != nil || proof.Verdict != v1alpha1.ProbeInconclusive || !strings.Contains(proof.Message, "violates PodSecurity") {
		t.Errorf("got %+v, %v", proof, err)
	}
}

// TestSweep: what a program that was killed left behind goes, and nothing else.
func TestSweep(t *testing.T) {
	c := connect(t)
	namespace := envtest.Namespace(t, c)
	for name, labels := range map[string]map[string]string{"old": {label: "probe"}, "other": nil} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
		if err := c.Create(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := prober(t, c, namespace)
	names := func() string {
		var pods corev1.PodList
		if err := c.List(t.Context(), &pods, client.InNamespace(namespace)); err != nil {
			t.Fatal(err)
		}
		var all []string
		for i := range pods.Items {
			all = append(all, pods.Items[i].Name)
		}
		return strings.Join(all, ",")
	}
	if _, err := p.Run(t.Context(), nil); err != nil || names() != "old,other" {
		t.Errorf("one that somebody may wait for was taken away: %v, %s", err, names())
	}
	p.Now = func() time.Time { return time.Now().Add(abandoned + time.Minute) }
	if _, err := p.Run(t.Context(), nil); err != nil || names() != "other" {
		t.Errorf("left: %v, %s", err, names())
	}
}

// TestMost: a large host is not crowded.
func TestMost(t *testing.T) {
	c := connect(t)
	var made, now, most atomic.Int32
	refuse := interceptor.NewClient(c, interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
		made.Add(1)
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return apierrors.NewBadRequest("no")
	}})
	p, _ := prober(t, refuse, envtest.Namespace(t, c))
	nodes := make([]string, 3*Most)
	for i := range nodes {
		nodes[i] = fmt.Sprintf("n%d", i)
	}
	got, err := p.Run(t.Context(), candidates(nodes...))
	if err != nil || made.Load() != Most || most.Load() > atOnce || len(got) != Most {
		t.Errorf("%d pods were made, %d at once: %v", made.Load(), most.Load(), err)
	}
}
