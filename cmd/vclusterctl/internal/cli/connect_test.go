package cli

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestConnect: each question to the API server is one request, and where it
// does not know VirtualClusters, that is found out.
func TestConnect(t *testing.T) {
	metadata := func(group, version, kind string) client.ObjectList {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
		return list
	}
	const ns = "/namespaces/team/"
	cases := map[string]struct {
		reason string
		get    client.Object
		list   client.ObjectList
		want   string
	}{
		"VirtualCluster": {reason: "What this is about.", get: &v1alpha1.VirtualCluster{}, want: "/apis/vclusterctl.dev/v1alpha1" + ns + "virtualclusters/dev"},
		"List":           {reason: "Many of them.", list: &v1alpha1.VirtualClusterList{}, want: "/apis/vclusterctl.dev/v1alpha1" + ns + "virtualclusters"},
		"Namespaces":     {reason: "They are in none.", list: &corev1.NamespaceList{}, want: "/api/v1/namespaces"},
		"Pods":           {reason: "Nodes.", list: &corev1.PodList{}, want: "/api/v1" + ns + "pods"},
		"Claims":         {reason: "Volumes.", list: metadata("", "v1", "PersistentVolumeClaimList"), want: "/api/v1" + ns + "persistentvolumeclaims"},
		"StatefulSets":   {reason: "What keeps nodes there.", list: metadata("apps", "v1", "StatefulSetList"), want: "/apis/apps/v1" + ns + "statefulsets"},
		"Policies":       {reason: "Their names are no simple plurals.", list: metadata("networking.k8s.io", "v1", "NetworkPolicyList"), want: "/apis/networking.k8s.io/v1" + ns + "networkpolicies"},
		"Other":          {reason: "What is not known is asked for.", get: &nodev1.RuntimeClass{}, want: "/apis"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, strings.TrimSuffix(r.URL.Path, "/"))
				http.NotFound(w, r)
			}))
			defer server.Close()
			f := factoryFor(t, config("prod", map[string]string{"prod": server.URL}))
			c, err := f.NewClient()
			if err != nil {
				t.Fatal(err)
			}
			if tc.get != nil {
				err = c.Get(t.Context(), client.ObjectKey{Namespace: "team", Name: "dev"}, tc.get)
			} else {
				in := client.InNamespace("team")
				if strings.HasSuffix(tc.want, "namespaces") {
					in = ""
				}
				err = c.List(t.Context(), tc.list, in)
			}
			if name == "Other" {
				if !slices.Contains(asked, tc.want) {
					t.Errorf("%s\nasked for %q, want %q among them", tc.reason, asked, tc.want)
				}
				return
			}
			if diff := cmp.Diff([]string{tc.want}, asked); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if strings.Contains(tc.want, v1alpha1.GroupName) && !NotInstalled(err) {
				t.Errorf("%s\nthat there are none is not told from %v", tc.reason, err)
			}
		})
	}
}
