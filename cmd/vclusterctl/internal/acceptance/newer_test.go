//go:build unix

package acceptance

import (
	"context"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// TestNewer runs scripts against an API server whose CRD has a field that this
// program does not know: spec.colour.
func TestNewer(t *testing.T) {
	c := envtest.Client(t)
	serveColour(t, c, true)
	t.Cleanup(func() { serveColour(t, c, false) }) // after the scripts, which run in parallel
	runScripts(t, "testdata/newer")
}

// serveColour puts the field into the CRD or takes it out, and waits until the
// API server goes by it.
func serveColour(t *testing.T, c client.Client, served bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := c.Get(ctx, client.ObjectKey{Name: "virtualclusters." + v1alpha1.GroupName}, crd); err != nil {
		t.Fatal(err)
	}
	spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	delete(spec.Properties, "colour")
	if served {
		spec.Properties["colour"] = apiextensionsv1.JSONSchemaProps{Type: "string"}
	}
	if err := c.Update(ctx, crd); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return keepsColour(ctx, t, c) == served, nil
	})
	if err != nil {
		t.Fatalf("spec.colour: want it served: %v: %v", served, err)
	}
}

// keepsColour says whether the API server keeps the field.
func keepsColour(ctx context.Context, t *testing.T, c client.Client) bool {
	t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"colour": "blue"}}}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.VirtualClusterKind))
	u.SetNamespace("default")
	u.SetName("colourful")
	if err := c.Create(ctx, u, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	_, kept, _ := unstructured.NestedString(u.Object, "spec", "colour")
	return kept
}
