package controller_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// fleetSize is how many clusters BenchmarkFleet looks after, unless
// $VCLUSTERCTL_FLEET says otherwise. The API server of the tests has addresses
// for about 250 Services, and each cluster takes one.
const fleetSize = 50

// writes counts requests that change something, Leases and Events aside.
type writes struct {
	next  http.RoundTripper
	count atomic.Int64
}

func (w *writes) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && !req.URL.Query().Has("dryRun") {
		w.count.Add(1)
	}
	return w.next.RoundTrip(req) //nolint:wrapcheck // a transport as any other
}

// BenchmarkFleet measures what many clusters cost that wait for a runtime: what
// the controller writes for each, what it writes then, and its memory.
func BenchmarkFleet(b *testing.B) {
	size := fleetSize
	if said := os.Getenv("VCLUSTERCTL_FLEET"); said != "" {
		var err error
		if size, err = strconv.Atoi(said); err != nil {
			b.Fatal(err)
		}
	}
	admin := envtest.Client(b)
	ns := envtest.Namespace(b, admin)
	counted := &writes{}
	cfg := envtest.Config(b)
	cfg.QPS = -1
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		counted.next = next
		return counted
	})
	before := heap()
	mgr, err := controller.New(cfg, controller.Options{
		Namespace: ns, MetricsAddress: "0", ProbeAddress: "0",
		Catalogue: catalogue.Single("v1.36.3", "localhost/vclusterctl/node:v1.36.3", v1alpha1.DistroK8s),
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	begin := time.Now()
	for i := range size {
		vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("fleet-%d", i)}}
		if err := admin.Create(b.Context(), vc); err != nil {
			b.Fatal(err)
		}
	}
	awaitFleet(b, admin, ns, size)
	took := time.Since(begin)
	made := counted.count.Swap(0)
	after := heap()
	wake(b, admin)
	b.ReportMetric(float64(made)/float64(size), "writes/cluster")
	b.ReportMetric(float64(counted.count.Load())/float64(size), "writes/cluster/wake")
	b.ReportMetric(float64(after-before)/float64(size)/1024, "KiB/cluster")
	b.ReportMetric(float64(after)/(1<<20), "MiB")
	b.ReportMetric(took.Seconds()/float64(size)*1000, "ms/cluster")
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// awaitFleet waits until every cluster has its kubeconfig.
func awaitFleet(b *testing.B, admin client.Client, ns string, size int) {
	b.Helper()
	for {
		var list v1alpha1.VirtualClusterList
		if err := admin.List(b.Context(), &list, client.InNamespace(ns)); err != nil {
			b.Fatal(err)
		}
		ready := 0
		for _, vc := range list.Items {
			if vc.Status.KubeconfigSecretRef != nil {
				ready++
			}
		}
		if ready == size {
			return
		}
		<-time.After(200 * time.Millisecond)
	}
}

// wake makes the controller look at every cluster by a node that tells nothing
// new.
func wake(b *testing.B, admin client.Client) {
	b.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "fleet"}}
	if err := admin.Create(b.Context(), node); err != nil {
		b.Fatal(err)
	}
	<-time.After(3 * time.Second)
}
