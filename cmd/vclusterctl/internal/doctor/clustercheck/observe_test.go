package clustercheck

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const summaryText = `{"pods": [
 {"podRef": {"name": "dev-server-0", "namespace": "other"}, "memory": {"workingSetBytes": 1}},
 {"podRef": {"name": "dev-server-0", "namespace": "team"}, "memory": {"workingSetBytes": 700},
  "volume": [{"name": "vcluster", "usedBytes": 1, "capacityBytes": 2}, {"name": "state", "usedBytes": 90, "capacityBytes": 100}]}
]}`

// TestObserve: everything is asked once, and what cannot be asked is in what was
// seen.
func TestObserve(t *testing.T) {
	inner := tunneltest.NewCluster(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/api/v1/nodes":
			_, _ = io.WriteString(w, `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"server-0"}}]}`)
		case "/api/v1/namespaces/kube-system/pods":
			_, _ = io.WriteString(w, `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"coredns"}}]}`)
		case "/apis/helm.cattle.io/v1/helmcharts":
			_, _ = io.WriteString(w, `{"kind":"HelmChartList","apiVersion":"helm.cattle.io/v1","items":[{"metadata":{"name":"limit-`+r.URL.Query().Get("limit")+`"}}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	o := healthy()
	o.Pods.Value[0].Labels = map[string]string{v1alpha1.LabelRole: string(guestapi.RoleServer)}
	secret := &corev1.Secret{Data: map[string][]byte{access.SecretKey: inner.Kubeconfig(t, "https://"+inner.Address)}}
	secret.Namespace, secret.Name = "team", "dev-kubeconfig"
	host := readyNode("host-1")
	summaries, routes := 0, 0
	observer := &Observer{
		Client:  fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(host, secret).Build(),
		Pods:    func(context.Context) ([]corev1.Pod, error) { return o.Pods.Value, nil },
		Events:  func(context.Context, []corev1.Pod) ([]corev1.Event, error) { return nil, errors.New("no events") },
		Summary: func(context.Context, string) ([]byte, error) { summaries++; return []byte(summaryText), nil },
		Route: func(context.Context, *v1alpha1.VirtualCluster) (*access.Route, error) {
			routes++
			return &access.Route{Kubeconfig: secret.Data[access.SecretKey], Server: "https://" + inner.Address}, nil
		},
		LastWords: func(context.Context) (LastWords, error) {
			return LastWords{Node: "server-0", Lines: []string{"x"}}, nil
		},
	}
	seen, err := observer.Observe(t.Context(), o.Cluster, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := seen.Usage.Value["dev-server-0"]; got != (Usage{Used: 90, Capacity: 100, Memory: 700}) || seen.Usage.Err != nil || summaries != 1 {
		t.Errorf("usage: %+v, %v, asked %d times", got, seen.Usage.Err, summaries)
	}
	if seen.HostNodes["host-1"].Err != nil || len(seen.HostNodes) != 1 || seen.Events.Err == nil {
		t.Errorf("%+v", seen)
	}
	if seen.Access.Err != nil || !seen.Access.Value.Client.After(time.Now()) || !seen.Access.Value.Authority.After(time.Now()) {
		t.Errorf("certificates: %+v", seen.Access)
	}
	if routes != 1 || seen.Inner == nil || seen.Inner.Err != nil || len(seen.Inner.Value.Nodes) != 1 || len(seen.Inner.Value.System) != 1 {
		t.Errorf("the API inside: %d, %+v", routes, seen.Inner)
	}
	if got := seen.Inner.Value.Charts; got.Err != nil || len(got.Value) != 1 || got.Value[0].Name != "limit-100" {
		t.Errorf("charts inside: %+v", got)
	}
	if len(seen.LastWords.Lines) > 0 {
		t.Error("a cluster that is ready has no last words")
	}

	down(&o.Pods.Value[0])
	notReady(v1alpha1.ReasonNotServing, "x")(o)
	if seen, err = observer.Observe(t.Context(), o.Cluster, now); err != nil || routes != 1 || seen.Inner != nil {
		t.Errorf("where no server is ready nobody is asked: %v, %d, %+v", err, routes, seen.Inner)
	}
	if len(seen.LastWords.Lines) != 1 {
		t.Errorf("last words: %+v", seen.LastWords)
	}
}
