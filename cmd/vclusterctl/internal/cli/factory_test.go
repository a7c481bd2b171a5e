package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestNewClient: a copy of a factory talks to the cluster that its own flags
// point at, and leaves the one it is a copy of alone.
func TestNewClient(t *testing.T) {
	var asked string
	server := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = name
			http.NotFound(w, r)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	f := factoryFor(t, config("first", map[string]string{"first": server("first"), "second": server("second")}))
	second := *f
	second.UseContext("second")
	cases := map[string]struct {
		reason  string
		factory *Factory
		want    string
	}{
		"Copy":      {reason: "It was pointed elsewhere.", factory: &second, want: "second"},
		"Namespace": {reason: "Another namespace is of the same cluster.", factory: second.InNamespace("other"), want: "second"},
		"Original":  {reason: "It was not.", factory: f, want: "first"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := tc.factory.NewClient()
			if err != nil {
				t.Fatal(err)
			}
			asked = ""
			err = c.Get(t.Context(), client.ObjectKey{Namespace: "team", Name: "dev"}, &v1alpha1.VirtualCluster{})
			if !NotInstalled(err) || asked != tc.want {
				t.Errorf("%s\nasked was %q (%v), want %q", tc.reason, asked, err, tc.want)
			}
		})
	}
}
