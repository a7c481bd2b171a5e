package rejoin

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestLook(t *testing.T) {
	nodes := schema.GroupResource{Resource: "nodes"}
	known := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "work-0", Annotations: map[string]string{flannelMark: "true"}},
		Spec:       corev1.NodeSpec{PodCIDR: "10.244.1.0/24"},
	}
	fresh := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "work-0"}, Spec: corev1.NodeSpec{PodCIDR: "10.244.1.0/24"}}
	type want struct {
		found   Finding
		settled string
	}
	tests := map[string]struct {
		reason string
		node   *corev1.Node
		err    error
		subnet string
		want   want
	}{
		"Member":   {reason: "All fits.", node: known, subnet: "10.244.1.0/24", want: want{Member, "10.244.1.0/24"}},
		"Booting":  {reason: "There is no pod network yet.", node: fresh, want: want{Member, ""}},
		"NoSubnet": {reason: "The node gets its subnet by itself.", node: &corev1.Node{}, subnet: "10.244.1.0/24", want: want{Member, "10.244.1.0/24"}},
		"Moved":    {reason: "It has another subnet than before.", node: known, subnet: "10.244.2.0/24", want: want{Unrouted, ""}},
		"Unmarked": {reason: "The other nodes do not know how to reach it.", node: fresh, subnet: "10.244.1.0/24", want: want{Unrouted, ""}},
		"Absent":   {reason: "The API says so.", err: apierrors.NewNotFound(nodes, "work-0"), want: want{Absent, ""}},
		"Another404": {
			reason: "It is not the API that says so.",
			err:    apierrors.NewGenericServerResponse(http.StatusNotFound, "GET", nodes, "work-0", "404 page not found", 0, true),
			want:   want{Unknown, ""},
		},
		"Forbidden": {reason: "What may not be seen may be there.", err: apierrors.NewForbidden(nodes, "work-0", nil), want: want{Unknown, ""}},
		"NoAnswer":  {reason: "It says nothing.", err: errors.New("connection refused"), want: want{Unknown, ""}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset()
			client.PrependReactor("get", "nodes", func(clienttesting.Action) (bool, apiruntime.Object, error) {
				return true, tc.node, tc.err
			})
			var got want
			l := &Looker{
				Node: "work-0", client: client,
				Subnet: func() netip.Prefix {
					subnet, err := netip.ParsePrefix(tc.subnet)
					if err != nil {
						return netip.Prefix{}
					}
					return subnet
				},
				Settle: func(_ context.Context, subnet netip.Prefix) { got.settled = subnet.String() },
			}
			got.found = l.Look(t.Context())
			if got != tc.want {
				t.Errorf("%s\nLook(): got %+v, want %+v", tc.reason, got, tc.want)
			}
		})
	}
}

// TestLookAgain: the kubelet's access may come late, and may be made anew.
func TestLookAgain(t *testing.T) {
	answers := http.StatusUnauthorized
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/nodes/work-0" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(answers)
	}))
	defer api.Close()
	file := filepath.Join(t.TempDir(), "kubelet.conf")
	l := &Looker{Node: "work-0", Kubeconfig: file, Subnet: func() netip.Prefix { return netip.Prefix{} }}
	look := func(what string, want Finding) {
		t.Helper()
		if got := l.Look(t.Context()); got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	look("without access", Unknown)
	writeAccess(t, file, &rest.Config{Host: "http://127.0.0.1:1"})
	look("access to nothing", Unknown)
	writeAccess(t, file, &rest.Config{Host: api.URL})
	look("a refusal", Unknown)
	answers = http.StatusNotFound
	look("a 404 of something else than an API", Unknown)
	answers = http.StatusOK
	if l.client != nil {
		t.Error("access that was refused is kept")
	}
}

func writeAccess(t *testing.T, file string, config *rest.Config) {
	t.Helper()
	if err := os.RemoveAll(file); err != nil {
		t.Fatal(err)
	}
	access := clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"x": {Server: config.Host}},
		Contexts:       map[string]*clientcmdapi.Context{"x": {Cluster: "x"}},
		CurrentContext: "x",
	}
	if err := clientcmd.WriteToFile(access, file); err != nil {
		t.Fatal(err)
	}
}
