package crd

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	acv1alpha1 "github.com/vclusterctl/vclusterctl/api/applyconfiguration/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

var passed = metav1.NewMicroTime(time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC))

// fullStatus is a status with every field.
func fullStatus(name, namespace string) *acv1alpha1.VirtualClusterApplyConfiguration {
	return acv1alpha1.VirtualCluster(name, namespace).WithStatus(acv1alpha1.VirtualClusterStatus().
		WithConditions(metav1ac.Condition().WithType(v1alpha1.ConditionReady).WithStatus(metav1.ConditionTrue).
			WithReason(v1alpha1.ReasonReady).WithMessage("").WithLastTransitionTime(metav1.NewTime(passed.Truncate(time.Second))).WithObservedGeneration(1),
			metav1ac.Condition().WithType(v1alpha1.ConditionUpToDate).WithStatus(metav1.ConditionFalse).
				WithReason(v1alpha1.ReasonOutdated).WithMessage("").WithLastTransitionTime(metav1.NewTime(passed.Truncate(time.Second))).WithObservedGeneration(1)).
		WithObservedGeneration(1).
		WithEndpoint("https://10.96.0.1:6443").
		WithResolved(acv1alpha1.Resolved().WithDistro(v1alpha1.DistroK8s).WithDistroReason("asked for").WithVersion("v1.36.3").
			WithImage("localhost/node:v1.36.3").WithPodCIDR("10.244.0.0/16").WithServiceCIDR("10.96.0.0/16").
			WithClusterDomain("cluster.local").WithDatastore("etcd").WithTemplateRevision("1")).
		WithIdentityFingerprint("0123").
		WithExpiresAt(metav1.NewTime(passed.Truncate(time.Second))).
		WithState(acv1alpha1.StateStatus().WithID("0123456789abcdef").WithLostAt(metav1.NewTime(passed.Truncate(time.Second)))).
		WithRuntime(acv1alpha1.RuntimeStatus().WithSummary("userns").WithServers("userns").WithPools("userns")).
		WithIsolation(acv1alpha1.IsolationFact().WithName("HostUsers").WithValue("false").WithSource(v1alpha1.SourceHost).WithHolds(true)).
		WithServers(acv1alpha1.NodeGroupStatus().WithReplicas(1).WithReadyReplicas(1)).
		WithPools(acv1alpha1.PoolStatus().WithName("a").WithReplicas(2).WithReadyReplicas(0)).
		WithNodes(0).
		WithTimeline(acv1alpha1.TimelineEntry().WithName("Init").WithTime(passed)))
}

// TestStatusApply shows that the controller can write a whole status with
// server-side apply, and that writing it again changes nothing.
func TestStatusApply(t *testing.T) {
	c := envtest.Client(t)
	namespace := envtest.Namespace(t, c)
	if err := c.Create(t.Context(), object(t, "dev", namespace, `servers: {replicas: 1}`)); err != nil {
		t.Fatal(err)
	}
	apply := func() *v1alpha1.VirtualCluster {
		t.Helper()
		owner := client.FieldOwner(v1alpha1.FieldOwner)
		if err := c.Status().Apply(t.Context(), fullStatus("dev", namespace), owner, client.ForceOwnership); err != nil {
			t.Fatalf("apply the status: %v", err)
		}
		got := &v1alpha1.VirtualCluster{}
		if err := c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "dev"}, got); err != nil {
			t.Fatal(err)
		}
		return got
	}

	first := apply()
	again := apply()
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("a status that is applied again must change nothing: -first, +again:\n%s", diff)
	}
	extracted, err := acv1alpha1.ExtractVirtualClusterStatus(again, v1alpha1.FieldOwner)
	if err != nil {
		t.Fatalf("extract the status: %v", err)
	}
	if diff := cmp.Diff(fullStatus("dev", namespace).Status, extracted.Status); diff != "" {
		t.Errorf("what is extracted must be what was applied: -want, +got:\n%s", diff)
	}
}

// TestColumns shows what "kubectl get -o wide" prints.
func TestColumns(t *testing.T) {
	c := envtest.Client(t)
	namespace := envtest.Namespace(t, c)
	if err := c.Create(t.Context(), object(t, "dev", namespace, ``)); err != nil {
		t.Fatal(err)
	}
	if err := c.Status().Apply(t.Context(), fullStatus("dev", namespace), client.FieldOwner(v1alpha1.FieldOwner)); err != nil {
		t.Fatal(err)
	}

	table := getTable(t, namespace)
	var names []string
	priorities := map[string]int32{}
	for _, column := range table.ColumnDefinitions {
		names = append(names, column.Name)
		priorities[column.Name] = column.Priority
	}
	want := []string{"Name", "Ready", "Reason", "Version", "Runtime", "Servers", "Nodes", "Endpoint", "UpToDate", "Expires", "Age"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("columns: -want, +got:\n%s", diff)
	}
	if priorities["Reason"] != 1 || priorities["Endpoint"] != 1 || priorities["UpToDate"] != 1 || priorities["Expires"] != 1 {
		t.Errorf("Reason, Endpoint, UpToDate and Expires belong to the wide table only, got priorities %v", priorities)
	}
	cells := table.Rows[0].Cells[:len(want)-1]
	if diff := cmp.Diff([]any{"dev", "True", "Ready", "v1.36.3", "userns", 1.0, 0.0, "https://10.96.0.1:6443", "False", "2026-11-21T12:00:00Z"}, cells); diff != "" {
		t.Errorf("cells: -want, +got:\n%s", diff)
	}
}

// TestFieldSelectors shows that clusters can be listed by what was resolved.
func TestFieldSelectors(t *testing.T) {
	c := envtest.Client(t)
	namespace := envtest.Namespace(t, c)
	for _, name := range []string{"a", "b"} {
		if err := c.Create(t.Context(), object(t, name, namespace, ``)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Status().Apply(t.Context(), fullStatus("b", namespace), client.FieldOwner(v1alpha1.FieldOwner)); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"status.resolved.distro=k8s", "status.resolved.version=v1.36.3", "status.runtime.servers=userns"} {
		selector := &client.ListOptions{Namespace: namespace, Raw: &metav1.ListOptions{FieldSelector: field}}
		got := &v1alpha1.VirtualClusterList{}
		if err := c.List(t.Context(), got, selector); err != nil {
			t.Fatalf("list by %q: %v", field, err)
		}
		if len(got.Items) != 1 || got.Items[0].Name != "b" {
			t.Errorf("list by %q: want only b, got %d items", field, len(got.Items))
		}
	}
}

func getTable(t *testing.T, namespace string) *metav1.Table {
	t.Helper()
	config := envtest.Config(t)
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatalf("make a client: %v", err)
	}
	url := strings.TrimSuffix(config.Host, "/") + "/apis/" + v1alpha1.GroupVersion.String() + "/namespaces/" + namespace + "/virtualclusters"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	response, err := transport.Do(request)
	if err != nil {
		t.Fatalf("get the table: %v", err)
	}
	defer response.Body.Close()
	table := &metav1.Table{}
	if err := json.NewDecoder(response.Body).Decode(table); err != nil {
		t.Fatalf("read the table: %v", err)
	}
	return table
}
