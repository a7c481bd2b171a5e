package controller_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/test/envtest"
	"github.com/vclusterctl/vclusterctl/test/truth"
)

// line is the way to the API server of one controller. It counts writes, and
// can be cut.
type line struct {
	next   http.RoundTripper
	cut    atomic.Bool
	writes atomic.Int64
}

func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.cut.Load() {
		return nil, errors.New("connection refused")
	}
	if req.Method != http.MethodGet && !req.URL.Query().Has("dryRun") && !isEvent(req) {
		l.writes.Add(1)
	}
	return l.next.RoundTrip(req)
}

func isEvent(req *http.Request) bool { return strings.HasPrefix(req.URL.Path, "/apis/events.k8s.io/") }

// run starts a manager without leader election for one namespace.
func run(t *testing.T, ns string) *line {
	t.Helper()
	return runOn(t, ns, &line{})
}

func runOn(t *testing.T, ns string, l *line) *line {
	t.Helper()
	cfg := envtest.Config(t)
	cfg.QPS = -1
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		if l.next == nil {
			l.next = next
		}
		return l
	})
	begin(t, cfg, controller.Options{
		Namespace: ns, WatchNamespace: ns, MetricsAddress: "0", ProbeAddress: "0",
		Catalogue: catalogue.Single("v1.36.3", "localhost/vclusterctl/node:v1.36.3", v1alpha1.DistroK8s),
	})
	return l
}

func begin(t *testing.T, cfg *rest.Config, opts controller.Options) {
	t.Helper()
	mgr, err := controller.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
}

// observer reads every status as it is written, and finds fault with it.
type observer struct {
	mu   sync.Mutex
	last map[string]*v1alpha1.VirtualCluster
	errs []error
}

func observe(t *testing.T, ns string) *observer {
	t.Helper()
	c, err := client.NewWithWatch(envtest.Config(t), client.Options{Scheme: envtest.Scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.Watch(t.Context(), &v1alpha1.VirtualClusterList{}, client.InNamespace(ns))
	if err != nil {
		t.Fatal(err)
	}
	o := &observer{last: map[string]*v1alpha1.VirtualCluster{}}
	go func() {
		for e := range w.ResultChan() {
			if vc, ok := e.Object.(*v1alpha1.VirtualCluster); ok {
				o.see(vc)
			}
		}
	}()
	t.Cleanup(func() {
		w.Stop()
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, err := range o.errs {
			t.Error(err)
		}
	})
	return o
}

func (o *observer) see(vc *v1alpha1.VirtualCluster) {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := truth.Check(vc)
	if before := o.last[vc.Name]; before != nil {
		err = errors.Join(err, truth.Follows(before, vc))
	}
	if err != nil {
		o.errs = append(o.errs, fmt.Errorf("status %s of %q: %w", vc.ResourceVersion, vc.Name, err))
	}
	o.last[vc.Name] = vc
}

// fleet makes clusters and waits until their servers and pools exist.
func fleet(t *testing.T, admin client.Client, ns string, names ...string) {
	t.Helper()
	for _, name := range names {
		vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}}
		vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}}
		create(t, admin, vc)
	}
	for _, name := range names {
		for _, set := range []string{name + "-server", name + "-a"} {
			eventually(t, "StatefulSet "+set+" exists", func() error {
				return admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: set}, &appsv1.StatefulSet{})
			})
		}
	}
}

func fingerprints(t *testing.T, admin client.Client, ns string) map[string]string {
	t.Helper()
	var list v1alpha1.VirtualClusterList
	if err := admin.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, vc := range list.Items {
		out[vc.Name] = vc.Status.IdentityFingerprint
	}
	return out
}

// quiet waits until a controller writes nothing for a while.
func quiet(t *testing.T, lines ...*line) {
	t.Helper()
	eventually(t, "nobody writes any more", func() error {
		before := sum(lines)
		<-time.After(2 * time.Second)
		if after := sum(lines); after != before {
			return fmt.Errorf("%d writes in two seconds", after-before)
		}
		return nil
	})
}

func sum(lines []*line) int64 {
	n := int64(0)
	for _, l := range lines {
		n += l.writes.Load()
	}
	return n
}

// TestTwoControllers: without leader election two of them work on the same
// clusters at once. There is one identity each, and no war of writes.
func TestTwoControllers(t *testing.T) {
	admin := envtest.Client(t)
	ns := envtest.Namespace(t, admin)
	create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default"}})
	offerRuntime(t, admin)
	observe(t, ns)
	lines := []*line{run(t, ns), run(t, ns)}
	names := []string{"one", "two", "three", "four"}
	fleet(t, admin, ns, names...)
	quiet(t, lines...)
	before := fingerprints(t, admin, ns)
	for _, name := range names {
		vc := &v1alpha1.VirtualCluster{}
		if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, vc); err != nil {
			t.Fatal(err)
		}
		vc.Spec.Pools[0].Replicas = ptr.To[int32](3)
		if err := admin.Update(t.Context(), vc); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the pool follows", func() error { return hasReplicas(t, admin, ns, name+"-a", 3) })
	}
	quiet(t, lines...)
	for name, f := range fingerprints(t, admin, ns) {
		if f == "" || f != before[name] {
			t.Errorf("the identity of %q went from %.12q to %.12q", name, before[name], f)
		}
	}
	t.Logf("%d writes for %d clusters made and changed by two", sum(lines), len(names))
}

func hasReplicas(t *testing.T, admin client.Client, ns, name string, want int32) error {
	t.Helper()
	set := &appsv1.StatefulSet{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, set); err != nil {
		return err
	}
	if *set.Spec.Replicas != want {
		return fmt.Errorf("%d replicas, want %d", *set.Spec.Replicas, want)
	}
	return nil
}

// TestAPIServerGone: a controller that is cut off takes nothing for gone, and
// goes on where it was.
func TestAPIServerGone(t *testing.T) {
	admin := envtest.Client(t)
	ns := envtest.Namespace(t, admin)
	create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default"}})
	offerRuntime(t, admin)
	observe(t, ns)
	l := run(t, ns)
	fleet(t, admin, ns, "dev")
	quiet(t, l)
	before := fingerprints(t, admin, ns)

	l.cut.Store(true)
	vc := &v1alpha1.VirtualCluster{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "dev"}, vc); err != nil {
		t.Fatal(err)
	}
	status := vc.Status.DeepCopy()
	vc.Spec.Pools[0].Replicas = ptr.To[int32](2)
	if err := admin.Update(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	create(t, admin, &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "meanwhile"}})
	<-time.After(outage)
	l.cut.Store(false)

	eventually(t, "the pool follows", func() error { return hasReplicas(t, admin, ns, "dev-a", 2) })
	eventually(t, "the cluster made meanwhile has its servers", func() error { return hasReplicas(t, admin, ns, "meanwhile-server", 1) })
	quiet(t, l)
	if after := fingerprints(t, admin, ns); after["dev"] != before["dev"] {
		t.Errorf("the identity went from %.12q to %.12q", before["dev"], after["dev"])
	}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "dev"}, vc); err != nil {
		t.Fatal(err)
	}
	for _, c := range vc.Status.Conditions {
		if c.Reason == v1alpha1.ReasonFailed {
			t.Errorf("%s is %s: %s", c.Type, c.Reason, c.Message)
		}
	}
	if len(vc.Status.Conditions) != len(status.Conditions) {
		t.Errorf("conditions %v, before %v", vc.Status.Conditions, status.Conditions)
	}
}

// TestStartWithoutAPIServer: a controller that starts while the API server is
// away waits for it. One that ended would be held back by its kubelet for
// minutes after the API server is there.
func TestStartWithoutAPIServer(t *testing.T) {
	admin := envtest.Client(t)
	ns := envtest.Namespace(t, admin)
	create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default"}})
	offerRuntime(t, admin)
	l := &line{}
	l.cut.Store(true)
	runOn(t, ns, l)
	<-time.After(outage)
	l.cut.Store(false)
	fleet(t, admin, ns, "dev")
}

// outage is long enough for watches to break and requests to fail; what a
// longer one does besides is back off further.
const outage = 5 * time.Second
