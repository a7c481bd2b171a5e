// Package crd tests the VirtualCluster CRD field by field against a real API
// server.
package crd

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) {
	envtest.Main(m)
}

// object is a VirtualCluster with a spec written in YAML: what a user can send,
// also where the Go types could not.
func object(t *testing.T, name, namespace, spec string) *unstructured.Unstructured {
	t.Helper()
	content := map[string]any{}
	if err := yaml.Unmarshal([]byte(spec), &content); err != nil {
		t.Fatalf("read the spec %q: %v", spec, err)
	}
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.VirtualClusterKind))
	u.SetName(name)
	u.SetNamespace(namespace)
	if len(content) > 0 {
		u.Object["spec"] = content
	}
	return u
}

// checkRefusal compares an answer of the API server with the parts that its
// message must have; none means that the object must be accepted.
func checkRefusal(t *testing.T, reason string, err error, want []string) {
	t.Helper()
	if len(want) == 0 {
		if err != nil {
			t.Errorf("%s\ngot error: %v", reason, err)
		}
		return
	}
	if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		t.Errorf("%s\nwant a refusal, got error: %v", reason, err)
		return
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s\nwant %q in the message, got: %v", reason, part, err)
		}
	}
}

var strictDryRun = []client.CreateOption{client.DryRunAll, client.FieldValidation("Strict")}
