package access

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// kubeconfigFor trusts the certificate of one server and leads to an address.
func kubeconfigFor(t *testing.T, trusted *httptest.Server, address string) []byte {
	t.Helper()
	c := clientcmdapi.NewConfig()
	c.CurrentContext = "x"
	c.Contexts["x"] = &clientcmdapi.Context{Cluster: "x", AuthInfo: "x"}
	c.AuthInfos["x"] = &clientcmdapi.AuthInfo{Token: "t"}
	c.Clusters["x"] = &clientcmdapi.Cluster{
		Server: address, TLSServerName: "example.com",
		CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw}),
	}
	data, err := clientcmd.Write(*c)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReach(t *testing.T) {
	forbidden := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer forbidden.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	gone := httptest.NewTLSServer(http.NotFoundHandler())
	address := gone.URL
	gone.Close()
	cases := map[string]struct {
		reason  string
		address string
		err     string
	}{
		"Answers":       {reason: "Any answer of the right server will do.", address: forbidden.URL},
		"Gone":          {reason: "Nobody there.", address: address, err: "connection refused"},
		"SomethingElse": {reason: "Something accepts the connection, but it is not the API server.", address: strings.Replace(plain.URL, "http:", "https:", 1), err: "HTTP"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := Reach(t.Context(), kubeconfigFor(t, forbidden, tc.address), 2*time.Second)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s\nReach(): got error %v, want one with %q", tc.reason, err, tc.err)
			}
		})
	}
}

func TestRead(t *testing.T) {
	cluster := func(secret string) *v1alpha1.VirtualCluster {
		vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "dev"}}
		if secret != "" {
			vc.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: secret}
		}
		return vc
	}
	secret := func(name string, data map[string][]byte) client.Object {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}, Data: data}
	}
	c := fake.NewClientBuilder().WithObjects(
		secret("good", map[string][]byte{SecretKey: []byte("k")}), secret("empty", nil)).Build()
	cases := map[string]struct {
		reason string
		vc     *v1alpha1.VirtualCluster
		want   string
		err    string
	}{
		"Good":    {reason: "The key for kubectl is read.", vc: cluster("good"), want: "k"},
		"None":    {reason: "The controller has not written one yet.", vc: cluster(""), err: "has no kubeconfig yet"},
		"Missing": {reason: "The Secret was deleted.", vc: cluster("missing"), err: `"missing" not found`},
		"Empty":   {reason: "The Secret is not what it should be.", vc: cluster("empty"), err: `has no key "config"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Read(t.Context(), c, tc.vc)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("%s\nRead(): got error %v, want one with %q", tc.reason, err, tc.err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("%s\nRead(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
